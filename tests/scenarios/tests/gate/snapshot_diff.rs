//! OPS-2: `tollgate snapshot` shows the state, the delta of two, and whether a file is one.

use std::fs;
use std::process::Command;
use std::time::Duration;

use scenarios::processes::Folder;
use scenarios::{Gate, Tenant, Value, eventually, json, programs};

/// Exit status and output of `tollgate snapshot ...`.
fn snapshot(gate: Option<&Gate>, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(programs::tollgate());
    for name in ["TOLLGATE_URL", "TOLLGATE_ADMIN_KEY", "TOLLGATE_SECRET_KEY"] {
        command.env_remove(name);
    }
    if let Some(gate) = gate {
        command.env("TOLLGATE_URL", &gate.url).env("TOLLGATE_ADMIN_KEY", &gate.admin_key);
    }
    let output = command.arg("snapshot").args(arguments).output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit status"), text)
}

#[test]
fn ops_2_a_snapshot_is_shown_compared_and_checked() {
    let gate = Gate::start();
    let folder = Folder::new("snapshots-");
    let save = |name: &str| {
        let (status, text) = snapshot(Some(&gate), &[]);
        assert_eq!(status, 0, "{text}");
        let path = folder.0.join(name).display().to_string();
        fs::write(&path, &text).expect("written");
        (path, text)
    };
    let (a, text) = save("a.json");
    let document: Value = text.parse().expect("JSON");
    assert_eq!((&document["version"], &document["workflow_coverage"]["target"]), (&json!("1.0"), &json!(25)));
    assert_eq!(snapshot(None, &["check", &a]).0, 0);
    assert_eq!(snapshot(None, &["diff", &a, &a]), (0, String::new()), "nothing changed");

    let report = json!({"name": "age-gate", "status": "fail", "at": document["timestamp_utc"], "findings": []});
    gate.admin().put("/v1/checks/age-gate", &report).done();
    let (b, _) = save("b.json");
    let (status, delta) = snapshot(None, &["diff", &a, &b]);
    assert_eq!(status, 0);
    assert!(delta.contains("compliance.age_gate_pass: null -> false\n"), "{delta}");
    let paths: Vec<_> = delta.lines().filter_map(|line| line.split(": ").next()).collect();
    assert!(paths.is_sorted(), "{delta}");
    // One more tenant is a number with its difference, once the census has come by.
    Tenant::new(&gate, json!({}));
    eventually("the tenant to be counted", Duration::from_secs(90), || {
        gate.admin().call("POST", "/v1/maintenance/operations").send().done();
        let (status, delta) = snapshot(Some(&gate), &["diff", &a, "now"]);
        assert_eq!(status, 0, "{delta}");
        delta.lines().any(|line| line.starts_with("tollgate.tenants: ")).then_some(())
    });
}

#[test]
fn ops_2_recorded_ones_are_compared_by_name() {
    let gate = Gate::start();
    let made = gate.admin().post("/v1/snapshots", &json!({})).expect(201);
    let name = made["name"].as_str().unwrap_or_else(|| panic!("no name in {made}"));
    let (status, delta) = snapshot(Some(&gate), &["diff", name, "now"]);
    assert_eq!(status, 0, "{delta}");
    assert!(delta.contains("timestamp_utc: "), "{delta}");
    let (status, text) = snapshot(Some(&gate), &["diff", "snapshot_2020-01-01_0000Z", "now"]);
    assert_eq!(status, 2, "{text}");
}

#[test]
fn ops_2_what_is_no_snapshot_is_refused() {
    let folder = Folder::new("no-snapshots-");
    let write = |name: &str, text: &str| {
        let path = folder.0.join(name).display().to_string();
        fs::write(&path, text).expect("written");
        path
    };
    let wrong = write("wrong.json", "{\"version\": \"1.0\"}");
    let (status, text) = snapshot(None, &["check", &wrong]);
    assert_eq!(status, 1);
    assert!(text.contains("schema orchestration.runs_ok: It is missing."), "{text}");
    assert_eq!(snapshot(None, &["check", &write("none.json", "hello")]).0, 2);
    assert_eq!(snapshot(None, &["check", "/nowhere.json"]).0, 2);
    let (status, text) = snapshot(None, &["diff", &wrong, &wrong]);
    assert_eq!((status, text.contains("is no snapshot")), (2, true), "{text}");
    assert_eq!(snapshot(None, &[]).0, 2, "which gate?");
}
