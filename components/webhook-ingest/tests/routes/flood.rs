//! A flood of forgeries costs little and fills nothing.

use std::time::{Duration, Instant};

use http::Method;
use kv_schemas::families;

use crate::house::{ask, generic, house, status_of};

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
