//! WHK-1, WHK-4: a flood of forgeries costs little and fills nothing; and what came in is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use scenarios::hooks::{Event, Sign, now};
use scenarios::wait::at_once;
use scenarios::{Gate, Tenant, json, unique};

use crate::stored;

const FLOOD: usize = 2_000;
const SENDERS: usize = 4;
/// For one refusal, with others beside it on a busy machine.
const EACH: Duration = Duration::from_millis(100);

/// What the gate counts.
fn counts(gate: &Gate) -> BTreeMap<String, u64> {
    let answer = gate.admin().get("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let sample = |line: &str| {
        let (status, count) = line.strip_prefix("webhook_events_total{status=\"")?.split_once("\"} ")?;
        Some((status.to_owned(), count.parse().ok()?))
    };
    answer.text().lines().filter_map(sample).collect()
}

/// The store's keys, but for those that the gate keeps of its own accord from second to second.
fn keys(gate: &Gate) -> Vec<String> {
    let (_folder, store) = stored::copy(gate);
    let mut all = store.prepare("SELECT key FROM spin_key_value ORDER BY key").expect("a query");
    let keys = all.query_map([], |row| row.get(0)).expect("keys");
    let keys = keys.map(|key| key.expect("a text"));
    let of_the_gate = |key: &String| {
        ["-mark", "-ticket", "-head", "-worked", "-driven", "/tail"].iter().any(|end| key.ends_with(end))
    };
    keys.filter(|key| !of_the_gate(key)).collect()
}

#[test]
fn whk_4_a_flood_of_forgeries_leaves_one_count_behind() {
    let gate = Gate::start();
    let (tenant, secret) = (Tenant::new(&gate, json!({})), unique("whsec-"));
    let binding = json!({"mode": "live", "base_url": null, "secret": "unused", "webhook_secret": secret});
    gate.admin().put(&format!("/v1/tenants/{}/vendors/generic", tenant.id), &binding).expect(204);
    let path = format!("/v1/webhooks/generic/{}", tenant.id);
    let send = |secret: &str, id: &str, body: &[u8]| {
        let sign = Sign::Generic { secret: secret.into(), id: id.into() };
        let event = Event { name: String::new(), route: path.clone(), sign, body: body.into() };
        let stranger = gate.stranger();
        let call = event
            .headers(now())
            .iter()
            .fold(stranger.call("POST", &path), |call, (name, value)| call.header(name, value));
        call.bytes("application/json", body).send()
    };
    let known = unique("evt-");
    assert_eq!(send(&secret, &known, b"{}").expect(200)["status"], "accepted");
    assert_eq!(send(&secret, &known, b"{}").expect(200)["status"], "duplicate");
    assert_eq!(send(&secret, &unique("evt-"), br#"{"type":"usage.corrected"}"#).expect(200)["status"], "accepted");
    send("wrong", &unique("evt-"), b"{}").refused(401, "unauthenticated");
    gate.maintain();
    let (before, began) = (keys(&gate), Instant::now());

    at_once(SENDERS, |_| {
        for _ in 0..FLOOD / SENDERS {
            send("wrong", &unique("evt-"), b"{\"type\":\"usage.corrected\"}").refused(401, "unauthenticated");
        }
    });
    let each = began.elapsed() / u32::try_from(FLOOD).expect("few");
    println!("{each:?} for each refusal");
    assert!(each < EACH, "{each:?} for each refusal");
    assert_eq!(keys(&gate), before, "nothing is stored but the count");

    let shown = counts(&gate);
    let expected =
        [("received", 2_004), ("verified", 3), ("rejected", 2_001), ("duplicate", 1), ("failed", 1), ("dead", 1)];
    assert_eq!(shown, expected.map(|(status, count)| (status.to_owned(), count)).into());
    assert_eq!(send(&secret, &unique("evt-"), b"{}").expect(200)["status"], "accepted", "everybody else is served");
}
