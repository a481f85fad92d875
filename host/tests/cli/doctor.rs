//! `tollgate doctor`: what is wrong is found, said, and mended where that is asked for.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::common;
use super::gate::{ADMIN_KEY, Gate, told, tollgate};

/// The doctor of the test application, in a folder of its own; with an address that is free unless it is given.
fn doctor(folder: &tempfile::TempDir, more: &str) -> (Option<i32>, Value) {
    let options = common::options(folder);
    let listen = if more.contains("--listen") { "" } else { "--listen 127.0.0.1:0" };
    let mut command = tollgate(&format!("doctor --json {listen} {more}"));
    command
        .arg("--manifest")
        .arg(&options.manifest)
        .arg("--data")
        .arg(&options.data)
        .arg("--cache")
        .arg(options.cache.unwrap());
    for (name, value) in &options.variables {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    let (code, out, err) = told(command.output().unwrap());
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
}

/// What was found of the things whose name begins so.
fn found<'a>(findings: &'a Value, what: &str) -> &'a Value {
    let all = findings["findings"].as_array().unwrap();
    all.iter()
        .find(|one| one["what"].as_str().unwrap().starts_with(what))
        .unwrap_or_else(|| panic!("{what}: {findings}"))
}

#[test]
fn ops_5_a_port_that_is_taken_is_told_with_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let (code, findings) = doctor(&folder, "");
    assert_eq!((code, &findings["ok"]), (Some(0), &json!(true)), "{findings}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, findings) = doctor(&folder, &format!("--listen {}", taken.local_addr().unwrap()));
    let finding = found(&findings, "address ");
    assert_eq!((code, &findings["ok"], &finding["status"]), (Some(1), &json!(false), &json!("problem")), "{findings}");
    let expected = format!("process {} (", std::process::id());
    assert!(finding["said"].as_str().unwrap().contains(&expected), "{finding}");
    assert!(finding["mend"].as_str().unwrap().contains("--listen"), "{finding}");
}

#[test]
fn ops_5_what_can_be_mended_is_mended_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let mode = || fs::metadata(&data).unwrap().permissions().mode() & 0o777;
    let (code, findings) = doctor(&folder, "");
    assert_eq!((code, &found(&findings, "data folder")["status"]), (Some(0), &json!("warning")), "{findings}");
    assert_eq!(mode(), 0o755);
    let (code, findings) = doctor(&folder, "--fix");
    assert_eq!((code, &found(&findings, "data folder")["status"]), (Some(0), &json!("mended")), "{findings}");
    assert_eq!(mode(), 0o700);

    // A manifest whose keys nobody gives, and whose component isn't built.
    let file = folder.path().join("other.toml");
    let keys = "admin_key = { required = true }\nmaster_key = { required = true }";
    let build = format!("cp {} built.wasm", common::guests().join("host_guest_dep.wasm").display());
    let manifest = format!(
        "spin_manifest_version = 2\n[application]\nname = \"x\"\n[variables]\n{keys}\n[[trigger.http]]\nroute = \"/dep\"\n\
         component = \"dep\"\n[component.dep]\nsource = \"built.wasm\"\nkey_value_stores = [\"default\"]\n\
         [component.dep.build]\ncommand = \"{build}\"\n"
    );
    fs::write(&file, manifest).unwrap();
    let mended = |more: &str| {
        let mut command = tollgate(&format!("doctor --json --listen 127.0.0.1:0 {more}"));
        command
            .arg("--manifest")
            .arg(&file)
            .arg("--data")
            .arg(&data)
            .arg("--cache")
            .arg(common::guests().join("test-cache"));
        let (code, out, err) = told(command.output().unwrap());
        (code, serde_json::from_str::<Value>(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
    };
    let (code, findings) = mended("");
    assert_eq!((code, &found(&findings, "components")["status"]), (Some(1), &json!("problem")), "{findings}");
    assert!(found(&findings, "components")["mend"].as_str().unwrap().contains("built.wasm"), "{findings}");
    assert!(!data.join("keys.json").exists(), "it only looks");
    let (code, findings) = mended("--fix");
    assert_eq!((code, &found(&findings, "components")["status"]), (Some(0), &json!("mended")), "{findings}");
    assert_eq!(found(&findings, "keys")["status"], "mended", "{findings}");
    assert_eq!(found(&findings, "component `dep`")["status"], "ok", "{findings}");
    assert!(data.join("keys.json").exists());
    let (code, findings) = mended("--fix");
    assert_eq!(code, Some(0), "{findings}");
    assert!(!findings.to_string().contains("mended"), "nothing is left to mend: {findings}");
}

#[test]
fn lim_2_of_a_gate_that_runs_prices_keys_and_vendors_are_looked_at() {
    let vendor = Gate::start(|_| (401, Value::Null));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (reached, silent) = (format!("{}/v1", vendor.url), format!("http://{nobody}/v1"));
    let gate = Gate::start(move |asked| match asked.line.as_str() {
        "GET /health" => (200, json!({"service": "tollgate", "status": "ok", "store": "ok"})),
        "GET /v1/vendors" => (
            200,
            json!({"vendors": [
                {"vendor": "openai", "base_url": reached, "models": ["m-1"]}, {"vendor": "tavus", "base_url": silent, "models": []},
            ]}),
        ),
        "GET /v1/prices" => (
            200,
            json!({"prices": [
                {"vendor": "openai", "model": "*", "unit_type": "input_tokens", "usd_per_unit": "0.1", "valid_from": "2026-01-01"},
                {"vendor": "openai", "model": "*", "unit_type": "output_tokens", "usd_per_unit": "0.1", "valid_from": "2026-01-01"},
            ]}),
        ),
        line if line.starts_with("GET /v1/tenants?") => (
            200,
            json!({"tenants": [
            {"id": "shop", "vendors": {"chat": {"provider": "openai"}, "video": {"provider": "tavus"}, "speech": {"provider": "cartesia"}}},
        ], "next_cursor": null}),
        ),
        "GET /v1/tenants/shop/vendors/cartesia" => (404, Value::Null),
        line if line.starts_with("GET /v1/tenants/shop/vendors/") => {
            (200, json!({"mode": "live", "base_url": null, "secret_set": true, "webhook_secret_set": false}))
        }
        _ => (404, Value::Null),
    });
    let folder = tempfile::tempdir().unwrap();
    let (code, findings) = doctor(&folder, &format!("--url {} --admin-key {ADMIN_KEY}", gate.url));
    assert_eq!(code, Some(1), "{findings}");
    let status = |what: &str| found(&findings, what)["status"].as_str().unwrap().to_owned();
    assert_eq!(status(&format!("gate {}", gate.url)), "ok");
    assert_eq!(status("price of tavus"), "problem");
    assert_eq!(found(&findings, "price of tavus")["mend"], "tollgate price adopt tavus");
    assert_eq!(status("key of cartesia for shop"), "problem");
    assert_eq!(status(&format!("vendor at {}", vendor.url)), "ok");
    assert_eq!(status(&format!("vendor at http://{nobody}")), "problem");
    let all = findings.to_string();
    assert!(!all.contains("price of openai") && !all.contains("key of openai"), "{all}");
    assert!(vendor.asked().iter().all(|asked| asked.header("authorization").is_none()), "a vendor is shown no key");
    assert!(!all.contains(ADMIN_KEY));
}
