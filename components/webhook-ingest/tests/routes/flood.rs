//! A flood of forgeries costs little and fills nothing.

use std::time::{Duration, Instant};

use http::Method;
use kv_schemas::families;
use webhooks::ingest::EVENTS_AN_HOUR;

use crate::house::{NOW, ask, generic, house, status_of};

const FLOOD: u32 = 2_000;

#[test]
fn forgeries_leave_one_counter_behind() {
    let store = house();
    assert_eq!(status_of(&generic(&store, "/v1/webhooks/generic/demo", "e1", b"{}")), (200, "accepted"));
    let before = store.dump();
    let started = Instant::now();
    for n in 0..FLOOD {
        let (signature, id) = (format!("{n:064x}"), format!("req-{n}"));
        let headers = [("x-signature", signature.as_str()), ("x-request-id", &id), ("x-timestamp", "1795165200")];
        let answer = ask(&store, Method::POST, "/v1/webhooks/generic/demo", &headers, format!("{n}").as_bytes());
        assert_eq!(status_of(&answer), (401, "bad_signature"));
    }
    // Generous: also on a busy machine, without optimizations.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let rejected = families::WEBHOOK_COUNT.counter(&["rejected"]);
    assert_eq!(rejected.read(&store), Ok(i64::from(FLOOD)));
    let mut after = store.dump();
    after.remove(rejected.key());
    assert_eq!(after, before);
}

/// Who has the secret may send what is true without end: what is kept of it is bounded.
#[test]
fn above_the_hours_bound_nothing_new_is_stored() {
    let store = house();
    let hour = NOW.hour_number().to_string();
    let events = families::WEBHOOK_QUOTA.counter(&["demo", "events", &hour]);
    let send = |id: &str| generic(&store, "/v1/webhooks/generic/demo", id, b"{}");
    events.add(&store, i64::try_from(EVENTS_AN_HOUR).unwrap() - 1).unwrap();
    assert_eq!(status_of(&send("e1")), (200, "accepted"));
    let keys = store.keys();
    for n in 0..3 {
        assert_eq!(status_of(&send(&format!("more{n}"))), (429, "rate_limited"));
    }
    assert_eq!(store.keys(), keys);
    assert_eq!(status_of(&send("e1")), (200, "duplicate"));
}
