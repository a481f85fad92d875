//! OPS-1: one line of JSON for each request, which says who asked for what and how it went, and nothing that was said.

use std::{fs, time::Duration};

use scenarios::tenant::{chat, speech};
use scenarios::{Answer, Gate, Mocks, Tenant, Value, eventually, json};

/// What the gate's components have logged so far, one object a line.
fn lines(gate: &Gate) -> Vec<Value> {
    let text = fs::read_to_string(gate.folder().join("gate-0.err")).unwrap();
    text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter_map(guest).collect()
}

/// A line of a component: as it is, or as a host without an eye for it wraps it.
fn guest(line: Value) -> Option<Value> {
    if line["request_id"].is_string() {
        return Some(line);
    }
    line["message"].as_str().and_then(|text| serde_json::from_str(text).ok()).filter(|line: &Value| line.is_object())
}

/// The only line of a request.
#[track_caller]
fn line_of(gate: &Gate, request_id: &str) -> Value {
    let of = |lines: Vec<Value>| lines.into_iter().filter(|line| line["request_id"] == request_id).collect::<Vec<_>>();
    let mut found =
        eventually("its line", Duration::from_secs(5), || Some(of(lines(gate))).filter(|found| !found.is_empty()));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn ops_1_a_request_has_one_line_without_secrets() {
    let gate = Gate::start_with(&["--variable", "log_sample=info=100"]);
    let mocks = Mocks::shared();
    let tenant = Tenant::at(&gate, mocks, json!({}));
    let page = tenant.page();
    let check = |answer: &Answer, expected: Value| {
        let line = line_of(&gate, answer.header("x-request-id").unwrap());
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} in {line}");
        }
        assert!(line["latency_ms"].as_u64().is_some_and(|ms| ms < 60_000), "{line}");
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
    };
    let proxy =
        |route: &str| json!({"component": "provider-proxy", "tenant": tenant.id, "route": route, "method": "POST"});
    let with = |mut line: Value, more: Value| {
        scenarios::tenant::merge(&mut line, more);
        line
    };

    let answer = page.caller.post("/v1/chat/completions", &chat("A word that nobody else says: xylophagous"));
    check(&answer, with(proxy("/v1/chat/completions"), json!({"status": 200, "level": "info"})));
    let answer = page.caller.post("/v1/speech", &speech("[[fault:401]]"));
    check(&answer, with(proxy("/v1/speech"), json!({"status": 502, "level": "error", "error_type": "vendor_error"})));
    let answer = page.tick("video");
    check(&answer, with(proxy("/v1/sessions/{id}/ticks"), json!({"status": answer.status})));
    let answer = tenant.server().get("/v1/usage?month=x&access_token=hidden");
    let refused =
        json!({"component": "pre-flight", "route": "/v1/usage", "status": answer.status, "tenant": tenant.id});
    check(&answer, refused);
    let stranger = gate.stranger().with_bearer(&format!("{}x", tenant.secret_key));
    let answer = stranger.get(&format!("/v1/audit/entries/{}", tenant.secret_key));
    check(
        &answer,
        json!({
            "component": "audit-append", "route": "/v1/audit/entries/{id}", "status": 401, "level": "warn",
            "error_type": "unauthenticated", "tenant": null,
        }),
    );
    let answer = gate.admin().get(&format!("/v1/tenants/{}", tenant.id));
    check(&answer, json!({"component": "twin-registry", "route": "/v1/tenants/{id}", "status": 200, "tenant": null}));

    let all = fs::read_to_string(gate.folder().join("gate-0.err")).unwrap();
    let mut hidden = vec![gate.admin_key.as_str(), &gate.master_key, &tenant.secret_key, &tenant.publishable_key];
    hidden.extend([page.token.as_str(), "xylophagous", "You said", "access_token", "hidden", "[[fault"]);
    hidden.extend(tenant.vendor_secrets.values().map(String::as_str));
    for secret in hidden {
        assert!(!all.contains(secret), "{secret} is in the logs");
    }
}

#[test]
fn ops_1_requests_that_go_well_are_sampled_and_others_are_not() {
    let gate = Gate::start_with(&["--variable", "log_sample=info=0 warn=100"]);
    let ids: Vec<String> =
        (0..20).map(|_| gate.stranger().get("/health").header("x-request-id").unwrap().to_owned()).collect();
    let refused = gate.stranger().get("/v1/usage");
    line_of(&gate, refused.header("x-request-id").unwrap());
    let logged = lines(&gate);
    assert!(!logged.iter().any(|line| ids.iter().any(|id| line["request_id"] == *id)), "{logged:?}");
}
