//! OPS-3: every check passes where all is well, fails where something isn't, and says so when it can't look.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use scenarios::processes::Folder;
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json, programs};

/// The repository, which is a deployment's folder.
fn repository() -> PathBuf {
    programs::manifest().parent().expect("a file is in a folder").to_owned()
}

/// Exit status and JSON of `tollgate check ... --json`, as nobody's command but with these variables.
pub fn check(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, Value) {
    let mut command = Command::new(programs::tollgate());
    for name in ["TOLLGATE_URL", "TOLLGATE_ADMIN_KEY", "TOLLGATE_SECRET_KEY", "TOLLGATE_PUBLISHABLE_KEY"] {
        command.env_remove(name);
    }
    command.arg("check").args(arguments).args(["--json", "--root"]).arg(root).envs(environment.iter().copied());
    let output = command.output().expect("tollgate runs");
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let json = serde_json(&text).unwrap_or_else(|| panic!("{arguments:?}: {text}{errors}"));
    (output.status.code().expect("an exit status"), json)
}

fn serde_json(text: &str) -> Option<Value> {
    text.parse().ok()
}

fn operator(gate: &Gate) -> [(&str, &str); 2] {
    [("TOLLGATE_URL", &gate.url), ("TOLLGATE_ADMIN_KEY", &gate.admin_key)]
}

/// The codes of what was found, in order.
fn codes(json: &Value) -> Vec<String> {
    let findings = json["checks"].as_array().expect("checks").iter().flat_map(|check| check["findings"].as_array());
    findings.flatten().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

/// One check against a gate.
#[track_caller]
fn ends(gate: &Gate, arguments: &[&str], status: i32, found: &[&str]) -> Value {
    let (exit, json) = check(&repository(), arguments, &operator(gate));
    assert_eq!((exit, codes(&json)), (status, found.iter().map(|code| (*code).to_owned()).collect()), "{json:#}");
    json
}

fn gated(gate: &Gate) -> Tenant {
    Tenant::new(gate, json!({"minimum_age": 21}))
}

#[test]
fn ops_3_the_repositorys_own_files_pass() {
    for name in ["structure", "secrets", "infra"] {
        let (exit, json) = check(&repository(), &[name], &[]);
        assert_eq!((exit, &json["status"]), (0, &json!("pass")), "{json:#}");
    }
}

#[test]
fn ops_3_files_that_are_missing_drifted_or_secret_fail() {
    let folder = Folder::new("deployment-");
    let write = |path: &str, text: String| {
        let path = folder.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("spin.toml", fs::read_to_string(programs::manifest()).expect("the manifest"));
    let (exit, json) = check(&folder.0, &["structure", "infra"], &[]);
    assert_eq!(exit, 1, "{json:#}");
    for code in ["file_missing", "folder_missing", "source_missing", "app_missing", "job_missing"] {
        assert!(codes(&json).contains(&code.to_owned()), "no {code} in {json:#}");
    }
    // A list of one's own.
    write("wanted.json", json!({"files": ["spin.toml"], "folders": []}).to_string());
    write("spin.toml", "[application]\nversion = \"1.0.0\"\n".to_owned());
    let wanted = folder.0.join("wanted.json").display().to_string();
    assert_eq!(check(&folder.0, &["structure", "--structure", &wanted], &[]).0, 0);

    let secret = format!("tg_sk{}{}", "_", "0123456789abcdef".repeat(4));
    write("notes.txt", format!("the key is {secret}\n"));
    let (exit, json) = check(&folder.0, &["secrets"], &[]);
    assert_eq!((exit, codes(&json)), (1, vec!["tollgate_secret_key".to_owned()]));
    assert_eq!(json["checks"][0]["findings"][0]["path"], "notes.txt:1");
    assert!(!json.to_string().contains(&secret), "{json:#}");
    write(".gitignore", "notes.txt\n".to_owned());
    assert_eq!(check(&folder.0, &["secrets"], &[]).0, 0, "what isn't committed is nobody's find");
}

#[test]
fn ops_3_what_cant_be_looked_at_is_neither_well_nor_ill() {
    let gone = [("TOLLGATE_URL", "http://127.0.0.1:1"), ("TOLLGATE_ADMIN_KEY", "tg_admin_x")];
    for name in ["router", "log", "webhooks", "snapshot", "certificates"] {
        let (exit, json) = check(&repository(), &[name], &gone);
        assert_eq!((exit, codes(&json)), (2, vec!["not_checked".to_owned()]), "{json:#}");
    }
    // Named, it must be made; unnamed, it is left out.
    assert_eq!(check(&repository(), &["log"], &[]).0, 2);
    let (exit, json) = check(&repository(), &[], &[]);
    assert_eq!(exit, 0, "{json:#}");
    let skipped: Vec<_> = json["skipped"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(skipped, ["age-gate", "certificates", "router", "snapshot", "webhooks", "log"]);
}

#[test]
fn ses_4_ops_3_the_age_gate_is_asked_whether_it_holds() {
    let gate = Gate::start();
    ends(&gate, &["age-gate"], 0, &[]);
    let tenant = gated(&gate);
    // Nobody has told it a key to ask with.
    ends(&gate, &["age-gate"], 2, &["not_asked"]);
    let json = ends(&gate, &["age-gate", "--publishable-key", &tenant.publishable_key], 0, &[]);
    assert_eq!(json["checks"][0]["facts"], json!({"gated_tenants": 1, "pages": 0, "probed": 1}));

    let folder = Folder::new("pages-");
    let page = |name: &str, text: &str| {
        let path = folder.0.join(name).display().to_string();
        fs::write(&path, text).expect("written");
        path
    };
    // The key in the page is the one that is asked with, and whose tenant's age counts.
    let widget = format!("<twin-widget tenant-key=\"{}\"", tenant.publishable_key);
    let good = page("good.html", &format!("{widget} data-age-gate=\"21\">"));
    ends(&gate, &["age-gate", "--page", &good], 0, &[]);
    let low = page("low.html", &format!("{widget} data-age-gate=\"18\">"));
    ends(&gate, &["age-gate", "--page", &low], 1, &["marker_too_low"]);
    let bare = page("bare.html", &format!("{widget}>"));
    ends(&gate, &["age-gate", "--page", &bare], 1, &["marker_missing"]);
    // Pages alone need no gate; a page at an address is read there.
    assert_eq!(check(&repository(), &["age-gate", "--page", &good], &[]).0, 0);
    let demo = format!("{}/", gate.url);
    let (exit, json) = check(&repository(), &["age-gate", "--page", &demo], &[]);
    assert_eq!((exit, codes(&json)), (1, vec!["marker_missing".to_owned()]), "the demo page sells nothing");

    let sessions = |gate: &Gate| {
        let entries = gate.admin().get("/v1/audit/entries?kind=session").expect(200);
        entries["entries"].as_array().expect("entries").len()
    };
    let other = gated(&gate);
    ends(&gate, &["age-gate", "--issue-keys", "--publishable-key", &tenant.publishable_key], 0, &[]);
    let keys = gate.admin().get(&format!("/v1/tenants/{}/keys", other.id)).expect(200);
    let secret: Vec<_> = keys["keys"].as_array().expect("keys").iter().filter(|key| key["kind"] == "secret").collect();
    assert_eq!(secret.iter().filter(|key| key["revoked"] == true).count(), secret.len() - 1, "{keys}");
    assert_eq!(sessions(&gate), 0, "no probe opens anything");
}

#[test]
fn rtr_3_ops_3_routing_that_finds_nobody_is_found() {
    let (gate, mocks) = (Gate::start(), Mocks::shared());
    ends(&gate, &["router"], 0, &[]);
    let route = json!({"routes": {"auto": {"rungs": [{"provider": "openai", "model": scenarios::amounts::MODEL}]}}});
    let tenant = Tenant::at(&gate, mocks, route);
    let say = |text: &str| {
        let body = json!({"model": "auto", "messages": [{"role": "user", "content": text}]});
        tenant.server().post("/v1/chat/completions", &body).status
    };
    assert_eq!(say("Hello"), 200);
    ends(&gate, &["router"], 0, &[]);
    (0..3).for_each(|_| assert!(say("[[fault:500]]") >= 500));
    let (exit, json) = check(&repository(), &["router"], &operator(&gate));
    assert_eq!(exit, 1, "{json:#}");
    assert!(codes(&json).contains(&"failures_in_a_row".to_owned()), "{json:#}");
    // A tenant's own server sees its own.
    let own = [("TOLLGATE_URL", gate.url.as_str()), ("TOLLGATE_SECRET_KEY", tenant.secret_key.as_str())];
    assert_eq!(check(&repository(), &["router"], &own).0, 1);
}

#[test]
fn ops_2_ops_3_a_snapshot_is_there_and_young() {
    let gate = Gate::start_changed(|manifest| manifest.replace("/v1/maintenance/operations\"", "/v1/nobody\""));
    ends(&gate, &["snapshot"], 1, &["none"]);
    gate.admin().post("/v1/snapshots", &json!({})).expect(201);
    ends(&gate, &["snapshot"], 0, &[]);
}

#[test]
fn whk_1_ops_3_webhooks_that_are_refused_too_often_are_found() {
    let gate = Gate::start();
    ends(&gate, &["webhooks"], 0, &[]);
    let tenant = Tenant::new(&gate, json!({}));
    let binding = json!({"mode": "live", "base_url": null, "secret": "unused", "webhook_secret": "whsec-check"});
    gate.admin().put(&format!("/v1/tenants/{}/vendors/generic", tenant.id), &binding).expect(204);
    let path = format!("/v1/webhooks/generic/{}", tenant.id);
    for _ in 0..20 {
        assert_eq!(gate.stranger().post(&path, &json!({"type": "job.done"})).status, 401);
    }
    ends(&gate, &["webhooks"], 1, &["rejected"]);
}

#[test]
fn aud_2_ops_3_a_log_that_nobody_sequences_is_found() {
    let well = Gate::start();
    gated(&well);
    let json = ends(&well, &["log"], 0, &[]);
    assert!(json["checks"][0]["facts"]["tree_size"].as_u64().is_some_and(|size| size > 0), "{json:#}");
    let idle = Gate::start_without_maintenance();
    gated(&idle);
    // A reader numbers what waits; only the maintenance signs.
    let (exit, json) = check(&repository(), &["log"], &operator(&idle));
    assert_eq!((exit, codes(&json)), (1, vec!["behind".to_owned()]), "{json:#}");
}

#[test]
fn ops_3_a_restricted_page_without_a_certificate_is_found() {
    let gate = Gate::start();
    ends(&gate, &["certificates"], 0, &[]);
    let tenant = Tenant::new(&gate, json!({"restricted_pages": ["/shop/*"]}));
    ends(&gate, &["certificates"], 1, &["certificate_missing"]);
    let certificate = json!({"page": "/shop/gummies", "product": "Gummies", "batch": "B7", "laboratory": "Acme Labs",
        "issued_on": "2026-01-01", "expires_on": "2099-12-31", "url": "https://lab.example/B7.pdf", "sha256": "ab".repeat(32)});
    let path = format!("/v1/tenants/{}/certificates", tenant.id);
    gate.admin().put(&path, &json!({"certificates": [certificate]})).done();
    let json = ends(&gate, &["certificates"], 0, &[]);
    assert_eq!(json["checks"][0]["facts"]["certificates"], 1);
}

#[test]
fn ops_3_what_runs_is_compared_with_the_files() {
    let gate = Gate::start();
    ends(&gate, &["infra"], 0, &[]);
    let folder = Folder::new("newer-");
    let text = fs::read_to_string(programs::manifest()).expect("the manifest");
    let newer = text.replacen("version = \"0.1.0\"", "version = \"9.9.9\"", 1);
    assert_ne!(newer, text);
    let route = "[[trigger.http]]\nroute = \"/v1/tomorrow\"\ncomponent = \"site\"\n";
    fs::write(folder.0.join("spin.toml"), format!("{newer}\n{route}")).expect("written");
    let (exit, json) = check(&folder.0, &["infra"], &operator(&gate));
    assert_eq!(exit, 1);
    for code in ["version", "route_missing"] {
        assert!(codes(&json).contains(&code.to_owned()), "no {code} in {json:#}");
    }
}

#[test]
fn ops_2_ops_3_what_is_reported_is_in_the_snapshot_and_in_the_coverage() {
    let gate = Gate::start();
    let tenant = gated(&gate);
    let snapshot = || gate.admin().get("/v1/snapshot").expect(200);
    assert_eq!(snapshot()["compliance"]["age_gate_pass"], Value::Null);
    let key = ["--publishable-key", tenant.publishable_key.as_str()];
    ends(&gate, &[&["age-gate", "certificates", "infra", "--report"][..], &key].concat(), 0, &[]);
    let told = snapshot();
    assert_eq!(told["compliance"], json!({"age_gate_pass": true, "coa_pass": true}), "{told:#}");
    assert_eq!(told["infra"], json!({"drift": false}));

    // The workflows know what was reported, and the tests that cargo says have passed.
    let folder = Folder::new("tests-");
    let output = folder.0.join("output").display().to_string();
    fs::write(&output, "test limits::lim_3_never_more ... ok\ntest ses_2_origin ... FAILED\n").expect("written");
    let (exit, json) = check(&repository(), &["workflows", "--tests", &output, "--report"], &operator(&gate));
    assert_eq!((exit, codes(&json)), (1, vec!["check_fails".to_owned()]), "{json:#}");
    let facts = &json["checks"][0]["facts"];
    // age-gate, certificates and deployment by report, hard-caps by its test.
    assert_eq!((&facts["defined"], &facts["verified"]), (&json!(25), &json!(4)), "{json:#}");
    assert_eq!(snapshot()["workflow_coverage"], json!({"defined": 25, "verified": 4, "target": 25}));
    let listed = gate.admin().get("/v1/checks").expect(200);
    assert_eq!(listed["checks"].as_array().expect("a list").len(), 4);
}

#[test]
fn ops_1_the_list_of_metrics_is_what_a_gate_tells() {
    let text = fs::read_to_string(repository().join("deploy/metrics.txt")).expect("the list");
    let mut listed: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    listed.sort_unstable();
    let (gate, mocks) = (Gate::start(), Mocks::shared());
    let route = json!({"routes": {"auto": {"rungs": [{"provider": "openai", "model": scenarios::amounts::MODEL}]}}});
    let tenant = Tenant::at(&gate, mocks, route);
    let body = json!({"model": "auto", "messages": [{"role": "user", "content": "Hello"}]});
    // The stored sums of routing lag by some decisions.
    (0..16).for_each(|_| drop(tenant.server().post("/v1/chat/completions", &body).expect(200)));
    ends(&gate, &["certificates", "--report"], 0, &[]);
    // The census and the daily snapshot come with the maintenance's rounds.
    let end = Instant::now() + Duration::from_secs(90);
    eventually("every metric to be told", Duration::from_secs(100), || {
        gate.admin().call("POST", "/v1/maintenance/operations").send().done();
        let told = gate.admin().get("/metrics").text();
        let mut told: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        told.sort_unstable();
        let unlisted: Vec<_> = told.iter().filter(|line| !listed.contains(line)).collect();
        assert!(unlisted.is_empty(), "deploy/metrics.txt hasn't {unlisted:?}");
        let silent: Vec<_> = listed.iter().filter(|line| !told.contains(line)).collect();
        assert!(Instant::now() < end, "nobody tells {silent:?}");
        silent.is_empty().then_some(())
    });
}
