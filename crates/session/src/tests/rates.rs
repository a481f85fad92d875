//! How often pages may open sessions.

use calendar::{HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{expiry, memory::Memory};
use problem::Kind;
use serde_json::json;

use super::house::*;
use crate::*;

fn pass(store: &Memory, key: &str, peer: &str, at: impl Iterator<Item = u64>) -> usize {
    let origin = key.starts_with("tg_pk_").then(|| format!("https://{}.example", &key[6..]));
    let caller = admit(store, Some(&format!("Bearer {key}")), origin.as_deref()).unwrap();
    at.filter(|ms| count_open(store, NOW.plus(*ms), &caller, Some(peer)).is_ok()).count()
}

#[test]
fn a_burst_passes_and_then_the_rate() {
    let check = |key: &str, requests: u64, step: u64, expected: usize| {
        let passed = pass(&house(), key, "192.0.2.7:1", (0..requests).map(|n| n * step));
        assert_eq!(passed, expected, "{key}: {requests} every {step} ms");
    };
    check("tg_pk_a", 200, 0, 200);
    check("tg_pk_a", 1_000, 0, 200);
    check("tg_pk_a", 6_000, 10, 600);
    check("tg_pk_a", 600, 100, 600);
    check("tg_sk_a", 1_000, 0, 1_000);
}

#[test]
fn each_key_and_each_address_has_its_own() {
    let store = house();
    let check = |key: &str, peer: &str, expected: usize| {
        assert_eq!(pass(&store, key, peer, (0..300).map(|_| 0)), expected, "{key} {peer}");
    };
    check("tg_pk_a", "192.0.2.7:1", 200);
    check("tg_pk_a", "192.0.2.7:2", 0);
    check("tg_pk_a", "192.0.2.8:1", 200);
    check("tg_pk_b", "192.0.2.7:1", 200);
    check("tg_pk_a", "[2001:db8::1]:1", 200);
    check("tg_pk_a", "[2001:db8::2]:1", 0);
}

#[test]
fn a_refusal_says_when_to_come_back_and_what_to_show() {
    let store = Memory::default();
    tenant(&store, "a", json!({"fallback_message": "Back soon"}));
    pass(&store, "tg_pk_a", "192.0.2.7:1", (0..200).map(|_| 0));
    let caller = admit(&store, Some("Bearer tg_pk_a"), Some(HERE)).unwrap();
    let problem = count_open(&store, NOW.plus(500), &caller, Some("192.0.2.7:9")).unwrap_err().problem();
    assert_eq!((problem.kind, problem.code.as_str()), (Kind::RateLimited, "session_rate"));
    assert_eq!(problem.retry_after_ms, Some(20 * SECOND - 500));
    assert_eq!(problem.fallback.unwrap().message, "Back soon");
    assert_eq!(count_open(&store, NOW.plus(20 * SECOND), &caller, Some("192.0.2.7:9")), Ok(()));
}

#[test]
fn nothing_is_counted_for_good_and_nothing_without_the_store() {
    let store = house();
    let hour = |at: Millis| at.hour_number();
    expiry::sweep(&store, hour(NOW)).unwrap();
    let before = store.keys();
    pass(&store, "tg_pk_a", "192.0.2.7:1", (0..30).map(|n| n * 10 * SECOND));
    assert!(store.keys().iter().any(|key| key.starts_with("session-rate/")));
    expiry::sweep(&store, hour(NOW.plus(5 * MINUTE + 3 * HOUR))).unwrap();
    assert_eq!(store.keys(), before);
    let caller = admit(&store, Some("Bearer tg_pk_a"), Some(HERE)).unwrap();
    store.fail_after(0);
    assert!(matches!(count_open(&store, NOW, &caller, None), Err(Refusal::Store(_))));
}
