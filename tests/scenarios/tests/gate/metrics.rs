//! OPS-1: `GET /metrics` says of the whole deployment what its books say, and goes on after a kill where it was.

use std::collections::BTreeMap;
use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::{Books, Gate, Mocks, Tenant, eventually, json, nanos};

/// The samples of all nodes together: the host's own, of this process, are left out.
pub fn metrics(gate: &Gate) -> BTreeMap<String, String> {
    let answer = gate.admin().get("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let samples = answer.text().lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let of_all = |name: &str| {
        let families = ["webhook_events", "runs_", "api_rate_limited", "tollgate_"];
        let own = ["tollgate_http", "tollgate_store", "tollgate_instances", "tollgate_build"];
        families.iter().any(|family| name.starts_with(family)) && !own.iter().any(|family| name.starts_with(family))
    };
    let split = |line: &String| line.rsplit_once(' ').map(|(name, value)| (name.to_owned(), value.to_owned()));
    samples.iter().filter_map(split).filter(|(name, _)| of_all(name)).collect()
}

/// What a series says; `-` when there is no such series.
pub fn value(gate: &Gate, series: &str) -> String {
    metrics(gate).remove(series).unwrap_or_else(|| "-".into())
}

#[track_caller]
pub fn becomes(gate: &Gate, series: &str, expected: &str) {
    let mut last = String::new();
    let found = |last: &mut String| {
        *last = value(gate, series);
        (last == expected).then_some(())
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while found(&mut last).is_none() {
        assert!(std::time::Instant::now() < deadline, "{series} is {last}, not {expected}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn ops_1_metrics_say_what_the_books_say_and_survive_a_kill() {
    let (mut gate, mocks) = (Gate::start(), Mocks::shared());
    let tenant = Tenant::at(&gate, mocks, json!({}));
    let server = tenant.server();
    for _ in 0..3 {
        server.post("/v1/chat/completions", &chat("Hello")).expect(200);
    }
    let held = server.post("/v1/preflight", &seconds(30)).expect(200)["limit_check_id"].as_str().unwrap().to_owned();
    let used = server.post("/v1/preflight", &seconds(10)).expect(200)["limit_check_id"].as_str().unwrap().to_owned();
    let settled = server
        .post(&format!("{}/settle", permit_path(&used)), &json!({"units": 4, "unit_type": "seconds"}))
        .expect(200);
    assert_eq!(nanos(&settled["cost_amount"]), 4 * SECOND);
    becomes(&gate, "tollgate_log_entries_total{kind=\"money\"}", "4");
    becomes(&gate, "tollgate_permits_total", "5");
    becomes(&gate, "tollgate_permits_open", "1");
    assert_eq!(nanos(&json!(value(&gate, "tollgate_held_usd"))), 30 * SECOND);
    becomes(&gate, "tollgate_tenants", "1");
    assert_eq!(value(&gate, "runs_active"), "0");

    let sum = |gate: &Gate| -> i64 {
        let all = metrics(gate).into_iter();
        all.filter(|(name, _)| name.starts_with("tollgate_settled_usd_total")).map(|(_, usd)| nanos(&json!(usd))).sum()
    };
    let books = Books(&server).money().settled;
    assert_eq!(sum(&gate), books, "to the nano-dollar");
    // A credit grows a counter of its own, so that none ever falls.
    let credit = json!({"limit_check_id": used, "cost_usd": "-0.000000001", "reason": "rounding"});
    gate.admin().post("/v1/audit/corrections", &credit).expect(201);
    becomes(&gate, "tollgate_credited_usd_total", "0.000000001");
    assert_eq!(sum(&gate), books);

    // Correcting has a permit of its own.
    becomes(&gate, "tollgate_permits_total", "6");
    let counters = |gate: &Gate| -> BTreeMap<String, String> {
        metrics(gate).into_iter().filter(|(name, _)| name.contains("_total")).collect()
    };
    let before = counters(&gate);
    gate.kill9();
    gate.restart();
    let tenant = tenant.moved_to(&gate);
    assert_eq!(counters(&gate), before, "whatever was counted is counted after a kill");
    tenant.server().delete(&permit_path(&held)).expect(204);
    becomes(&gate, "tollgate_permits_open", "0");
    assert_eq!(value(&gate, "tollgate_held_usd"), "0.00");
}

#[test]
fn ops_1_metrics_are_the_operators() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    gate.stranger().get("/metrics").refused(401, "unauthenticated");
    tenant.server().get("/metrics").refused(401, "unauthenticated");
    assert_eq!(gate.admin().call("POST", "/metrics").send().status, 405);
    let answer = gate.admin().get("/metrics");
    let media = answer.header("content-type").unwrap_or_default().to_owned();
    assert!(media.starts_with("text/plain; version=0.0.4"), "{media}");
    assert!(!answer.text().contains("NaN"));
}

#[test]
fn ops_1_health_is_open_to_all_and_says_when() {
    let gate = Gate::shared();
    let health = gate.stranger().get("/health").expect(200);
    assert_eq!(
        (&health["status"], &health["service"], &health["store"]),
        (&json!("ok"), &json!("tollgate"), &json!("ok"))
    );
    let at = health["timestamp"].as_str().unwrap_or_else(|| panic!("no timestamp in {health}"));
    assert!(at.starts_with("20") && at.ends_with('Z'), "{at}");
    eventually("another moment", Duration::from_secs(5), || {
        (gate.stranger().get("/health").expect(200)["timestamp"] != at).then_some(())
    });
}
