//! Each kind of drift, alone.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;

const MANIFEST: &str = r#"
    [application]
    version = "1.0.0"
    [variables]
    key = { required = true, secret = true }
    place = { default = "" }
    [[trigger.http]]
    route = "/health"
    component = "a"
    [[trigger.http]]
    route = "/v1/maintenance"
    component = "a"
    [[trigger.http]]
    route = "/v1/maintenance/runs"
    component = "a"
    [[trigger.http]]
    route = "/v1/runs/..."
    component = "a"
    [[trigger.http]]
    route = "/v1/twins/:id/train"
    component = "a"
    [component.a]
    source = "a.wasm"
    key_value_stores = ["default"]
    allowed_outbound_hosts = ["https://x.example", "{{ place }}"]
"#;
const APP: &str = "
kind: SpinApp
spec:
  image: registry.example:5000/tollgate:v1.0.0
  variables:
  - name: key
    valueFrom: {secretKeyRef: {name: s, key: k}}
  runtimeConfig:
    keyValueStores: [{name: default, type: redis}]
  checks:
    readiness: {httpGet: {path: /health}}
    liveness: {httpGet: {path: /health}}
";
const JOBS: &str = "
kind: CronJob
spec:
  jobTemplate: {args: ['curl http://tollgate/v1/maintenance']}
---
kind: CronJob
spec:
  jobTemplate: {args: ['curl http://tollgate/v1/maintenance/runs; sleep 2']}
";
const RUNTIME_TEXT: &str = "[key_value_store.default]\ntype = \"redis\"\n";
const HOSTS_TEXT: &str = "# vendors\nhttps://x.example   # X\n";

fn manifest() -> Manifest {
    Manifest::parse(MANIFEST).unwrap()
}

/// One file changed.
#[track_caller]
fn check(file: &str, from: &str, to: &str, expected: &[&str]) {
    let all = [("spinkube/app.yaml", APP), ("spinkube/jobs.yaml", JOBS), (RUNTIME, RUNTIME_TEXT), (HOSTS, HOSTS_TEXT)];
    let texts = all.map(|(path, text)| {
        assert!(path != file || text.contains(from), "{from}");
        (path, if path == file { text.replace(from, to) } else { text.to_owned() })
    });
    let texts = texts.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>();
    assert_eq!(files(&manifest(), &texts).found(), expected, "{file}: {from} -> {to}");
}

#[test]
fn ops_3_files_that_agree_pass() {
    check(HOSTS, "# X", "", &[]);
    check("spinkube/app.yaml", ":v1.0.0", "@sha256:00ff", &[]);
    check("spinkube/app.yaml", "image:", "components: [a]\n  image:", &[]);
}

#[test]
fn ops_3_a_drifted_app_is_found() {
    let app = "spinkube/app.yaml";
    check(app, "v1.0.0", "v0.9.0", &["image spinkube/app.yaml spec.image"]);
    check(app, "/tollgate:v1.0.0", "/tollgate", &["image spinkube/app.yaml spec.image"]);
    check(
        app,
        "name: key",
        "name: kee",
        &[
            "variable_undeclared spinkube/app.yaml spec.variables.kee",
            "variable_unbound spinkube/app.yaml spec.variables.key",
        ],
    );
    check(
        app,
        "valueFrom: {secretKeyRef: {name: s, key: k}}",
        "value: abc",
        &["variable_in_the_open spinkube/app.yaml spec.variables.key"],
    );
    check(
        app,
        "image:",
        "components: [b]\n  image:",
        &["component spinkube/app.yaml spec.components.a", "component spinkube/app.yaml spec.components.b"],
    );
    check(app, "name: default", "name: other", &["store_missing spinkube/app.yaml spec.runtimeConfig.keyValueStores"]);
    check(
        app,
        "readiness: {httpGet: {path: /health}}",
        "readiness: {httpGet: {path: /healthz}}",
        &["probe spinkube/app.yaml spec.checks.readiness"],
    );
    check(app, "kind: SpinApp", "kind: SpinApps", &["app_missing SpinApp"]);
    check(app, "spec:", "spec: [", &["unreadable spinkube/app.yaml", "app_missing SpinApp"]);
}

#[test]
fn ops_3_drifted_jobs_stores_and_hosts_are_found() {
    check("spinkube/jobs.yaml", "/v1/maintenance/runs;", "/v1/maintenance;", &["job_missing /v1/maintenance/runs"]);
    check(
        "spinkube/jobs.yaml",
        "/v1/maintenance/runs;",
        "/v1/maintenance/run;",
        &["job_astray spinkube/jobs.yaml", "job_missing /v1/maintenance/runs"],
    );
    check(RUNTIME, "default", "other", &["store_missing runtime-config.toml"]);
    check(RUNTIME, "]", "", &["unreadable runtime-config.toml"]);
    check(
        HOSTS,
        "https://x.example",
        "https://y.example",
        &["host egress-hosts.txt https://x.example", "host egress-hosts.txt https://y.example"],
    );
    let none = files(&manifest(), &[]).found();
    assert_eq!(none.len(), 5, "{none:?}");
}

#[test]
fn ops_3_what_runs_is_compared_with_the_manifest() {
    let check = |version: &str, paths: &[&str], expected: &[&str]| {
        let running = Running { version: version.into(), paths: paths.iter().map(|path| (*path).to_owned()).collect() };
        assert_eq!(super::running(&manifest(), &running).found(), expected);
    };
    let all = ["/health", "/v1/maintenance", "/v1/maintenance/runs", "/v1/runs/{id}", "/v1/twins/{id}/train"];
    check("1.0.0", &all, &[]);
    check("0.9.0", &all, &["version /health"]);
    check(
        "1.0.0",
        &["/v1/maintenance", "/v1/runs", "/v1/twins/{id}"],
        &["route_missing /v1/maintenance/runs", "route_missing /v1/twins/:id/train"],
    );
}
