//! OPS-1: what a gate's process measures of itself stands beside the deployment's numbers, and is true.

use std::collections::BTreeMap;
use std::time::Duration;

use scenarios::tenant::{chat, seconds, speech, streamed_chat};
use scenarios::{Caller, Gate, Mocks, Tenant, json};

/// Every series of a text, after a check of its form: a family is told of once, before its numbers.
#[track_caller]
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut families, mut series) = (BTreeMap::new(), BTreeMap::new());
    let mut family = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is told of twice");
            family = name.to_owned();
        } else if !line.starts_with("# ") {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no number in {line}"));
            assert!(name.starts_with(&family), "{line} stands among {family}");
            let value = value.parse().unwrap_or_else(|_| panic!("no number in {line}"));
            assert!(series.insert(name.to_owned(), value).is_none(), "{name} is there twice");
        }
    }
    series
}

#[track_caller]
fn metrics(operator: &Caller) -> BTreeMap<String, f64> {
    let answer = operator.get("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    parse(&answer.text())
}

fn requests(method: &str, route: &str, status: &str) -> String {
    format!("http_request_duration_seconds_count{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
}

fn count(series: &BTreeMap<String, f64>, name: &str) -> f64 {
    series.get(name).copied().unwrap_or_default()
}

#[test]
fn ops_1_the_hosts_own_numbers_are_beside_the_components() {
    let mut gate = Gate::start();
    let mocks = Mocks::start();
    let tenant = Tenant::at(&gate, &mocks, json!({}));
    let server = tenant.server();
    for _ in 0..5 {
        server.post("/v1/chat/completions", &chat("Hello")).expect(200);
    }
    for _ in 0..2 {
        assert_eq!(server.post("/v1/speech", &speech("Hello")).status, 200);
    }
    server.post("/v1/chat/completions", &json!({"model": 7})).refused(400, "invalid_request");
    for id in ["a", "b", "c"] {
        gate.stranger().get(&format!("/v1/tenants/{id}")).refused(401, "unauthenticated");
    }
    let first = metrics(&gate.admin());
    assert!(first.keys().any(|name| name.starts_with("webhook_events_total")), "the component's own");
    let wanted = [
        (requests("POST", "/v1/chat/...", "2xx"), 5.0),
        (requests("POST", "/v1/chat/...", "4xx"), 1.0),
        (requests("POST", "/v1/speech/...", "2xx"), 2.0),
        (requests("GET", "/v1/tenants/...", "4xx"), 3.0),
        (requests("GET", "/metrics", "2xx"), 1.0),
        ("tool_call_duration_seconds_count{tool=\"127.0.0.1\",status=\"2xx\"}".into(), 7.0),
        ("tollgate_build_info{version=\"0.1.0\"}".into(), 1.0),
    ];
    for (name, value) in wanted {
        assert_eq!(count(&first, &name), value, "{name}");
    }
    for operation in ["get", "set", "increment"] {
        let name = format!("tollgate_store_operation_duration_seconds_count{{operation=\"{operation}\"}}");
        assert!(count(&first, &name) > 7.0, "{name}");
    }
    assert!(count(&first, "tollgate_store_commit_duration_seconds_count") > 7.0);
    assert!(count(&first, "tollgate_instances") >= 1.0);
    // The scrape itself has given its place back.
    assert_eq!(count(&first, "tollgate_http_requests_in_flight"), 0.0);

    // Whatever is shown of a histogram fits together.
    for (name, total) in first.iter().filter(|(name, _)| name.contains("_count")) {
        let bucket = match name.strip_suffix('}') {
            Some(name) => format!("{},le=\"+Inf\"}}", name.replacen("_count", "_bucket", 1)),
            None => format!("{}{{le=\"+Inf\"}}", name.replacen("_count", "_bucket", 1)),
        };
        assert_eq!(first.get(&bucket), Some(total), "{name}");
    }
    let labels = "method=\"POST\",route=\"/v1/chat/...\",status=\"2xx\"";
    let buckets = ["0.001", "0.01", "0.1", "1", "10", "60"]
        .map(|bound| first[&format!("http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}}")]);
    assert!(buckets.is_sorted() && buckets[5] == 5.0, "{buckets:?}");
    let sum = first[&format!("http_request_duration_seconds_sum{{{labels}}}")];
    assert!(sum > 0.0 && sum < 60.0, "{sum}");

    // A vendor that refuses, and one that takes its time.
    mocks.fault("openai", json!({"delay_ms": 300}));
    server.post("/v1/chat/completions", &chat("Hello")).expect(200);
    let second = metrics(&gate.admin());
    let tool =
        |bound: &str| format!("tool_call_duration_seconds_bucket{{tool=\"127.0.0.1\",status=\"2xx\",le=\"{bound}\"}}");
    let slow = |series: &BTreeMap<String, f64>| series[&tool("+Inf")] - series[&tool("0.25")];
    assert_eq!(slow(&second) - slow(&first), 1.0);
    assert_eq!(count(&second, &requests("GET", "/metrics", "2xx")), 2.0, "the scrape before, and this one");

    // A stream has its place until its last byte.
    mocks.fault("openai", json!({"drip_ms": 100}));
    let mut stream = server.call("POST", "/v1/chat/completions").json(&streamed_chat("Hello")).open();
    stream.try_read().expect("a chunk");
    assert_eq!(count(&metrics(&gate.admin()), "tollgate_http_requests_in_flight"), 1.0);
    stream.read_all();

    // Who may not see the component's numbers sees none of the host's, and what isn't a scrape gets none.
    for caller in [gate.stranger(), server.clone()] {
        let answer = caller.get("/metrics");
        assert!(answer.status >= 400 && !answer.text().contains("http_request_duration"), "{}", answer.text());
    }
    assert!(!gate.admin().get("/health").text().contains("http_request_duration"));

    // Another start begins anew, as its time says; the deployment's own numbers go on.
    std::thread::sleep(Duration::from_millis(50));
    gate.restart();
    let third = metrics(&gate.admin());
    assert_eq!(count(&third, &requests("POST", "/v1/chat/...", "2xx")), 0.0);
    assert!(third["process_start_time_seconds"] > second["process_start_time_seconds"]);
    tenant.moved_to(&gate).server().post("/v1/chat/completions", &chat("Hello")).expect(200);
    assert_eq!(count(&metrics(&gate.admin()), &requests("POST", "/v1/chat/...", "2xx")), 1.0);
}

#[test]
fn ops_1_each_process_counts_its_own_and_all_instances_in_it() {
    // Every request has an instance of its own, which is gone with it: what it observed stays.
    let gate = Gate::start_with(&["--max-instance-reuse-count", "1"]);
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    scenarios::wait::at_once(8, |_| {
        (0..5).for_each(|_| drop(tenant.server().post("/v1/preflight", &seconds(1)).expect(200)));
    });
    let series = metrics(&gate.admin());
    assert_eq!(count(&series, &requests("POST", "/v1/preflight", "2xx")), 40.0);
    assert!(count(&series, "tollgate_instances") < 40.0);
    // Another gate's process knows nothing of it.
    let other = gate.another();
    assert_eq!(count(&metrics(&other.admin()), &requests("POST", "/v1/preflight", "2xx")), 0.0);
}
