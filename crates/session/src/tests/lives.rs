//! The life of a session: ticks, its end, and what is seen of it.

use calendar::{MINUTE, Millis};
use serde_json::json;

use super::house::*;
use crate::*;

fn at(millis: u64) -> Millis {
    NOW.plus(millis)
}

fn seen(store: &kv_schemas::memory::Memory, at: Millis) -> (&'static str, Option<String>) {
    let view = view(store, "a", "ses_1", at).unwrap();
    (view.status, view.ended_by)
}

#[test]
fn a_session_that_never_ticks_lives_until_it_expires() {
    let store = house();
    let token = page(&store, 1, NOW);
    let check = |millis: u64, refused: Option<&str>, status: &str| {
        assert_eq!(code(verify(&store, "", Some(&token), Some(HERE), at(millis))), refused, "{millis}");
        assert_eq!(seen(&store, at(millis)).0, status, "{millis}");
    };
    check(0, None, "active");
    check(15 * MINUTE - 1, None, "active");
    check(15 * MINUTE, Some("session_expired"), "expired");
    assert_eq!(code(touch(&store, "ses_1", 1000, at(15 * MINUTE))), Some("session_expired"));
}

#[test]
fn a_missed_tick_ends_it_before_anybody_has_noted_it() {
    let store = house();
    let token = page(&store, 1, NOW);
    touch(&store, "ses_1", 30_000, NOW).unwrap();
    touch(&store, "ses_1", 30_000, at(20_000)).unwrap();
    let check = |millis: u64, refused: Option<&str>| {
        assert_eq!(code(verify(&store, "", Some(&token), Some(HERE), at(millis))), refused, "{millis}");
    };
    check(50_000, None);
    check(50_001, Some("session_ended"));
    assert_eq!(code(touch(&store, "ses_1", 30_000, at(50_001))), Some("session_ended"));
    assert_eq!(seen(&store, at(50_001)), ("ended", Some("missed_tick".into())));
    // Past its time, the reason is still what ended it first.
    assert_eq!(seen(&store, at(20 * MINUTE)), ("ended", Some("missed_tick".into())));
    end(&store, "ses_1", "page", at(20 * MINUTE)).unwrap();
    assert_eq!(seen(&store, at(21 * MINUTE)), ("ended", Some("missed_tick".into())));
}

#[test]
fn the_first_reason_stays() {
    let store = house();
    let token = page(&store, 1, NOW);
    end(&store, "ses_1", "page", at(5)).unwrap();
    end(&store, "ses_1", "missed_tick", at(6)).unwrap();
    assert_eq!(seen(&store, at(7)), ("ended", Some("page".into())));
    assert_eq!(seen(&store, at(20 * MINUTE)), ("ended", Some("page".into())));
    assert_eq!(code(verify(&store, "", Some(&token), Some(HERE), at(7))), Some("session_ended"));
    assert_eq!(code(end(&store, "ses_9", "page", NOW)), Some("not_found"));
    assert_eq!(code(touch(&store, "ses_9", 1, NOW)), Some("not_found"));
}

#[test]
fn only_its_own_tenant_and_the_operator_see_it() {
    let store = house();
    page(&store, 1, NOW);
    let check = |tenant: &str, refused: Option<&str>| {
        assert_eq!(code(view(&store, tenant, "ses_1", NOW)), refused, "{tenant}");
    };
    check("a", None);
    check("", None);
    check("b", Some("not_found"));
}

#[test]
fn ending_is_completed_by_the_next_one_after_a_crash() {
    for crash in 0..12 {
        let store = house();
        let token = page(&store, 1, NOW);
        store.fail_after(crash);
        let first = end(&store, "ses_1", "page", NOW);
        store.recover();
        let noted = seen(&store, at(1)).0 == "ended";
        end(&store, "ses_1", "revoked", at(1)).unwrap();
        assert_eq!(
            code(verify(&store, "", Some(&token), Some(HERE), at(1))),
            Some(if noted { "session_ended" } else { "session_revoked" }),
            "crash after {crash}"
        );
        if first.is_ok() {
            assert!(noted);
            return;
        }
    }
    panic!("never got through");
}

#[test]
fn twn_3_open_sessions_are_counted_within_bounds() {
    let store = house();
    let count = |most: u64, at: Millis| {
        let open = count_open_sessions(&store, at, most, |session| session.tenant == "a").unwrap();
        (open.sessions, open.truncated)
    };
    assert_eq!(count(10, NOW), (0, false));
    (1..=4).for_each(|n| drop(page(&store, n, NOW)));
    try_open(&store, 5, "tg_sk_b", None, json!({"channel": "widget", "consent": true}), NOW).unwrap();
    assert_eq!(count(10, NOW), (4, false));
    end(&store, "ses_2", "page", NOW).unwrap();
    assert_eq!(count(10, NOW), (3, false));
    assert_eq!(count(3, NOW), (2, true), "the newest three are b's and two of a's");
    assert_eq!(count(10, NOW.plus(LIFETIME)), (0, false));
    // Nothing so old is looked at, however many there are.
    assert_eq!(count(3, NOW.plus(2 * LIFETIME)), (0, false));
}

#[test]
fn twn_5_a_session_that_is_over_can_be_forgotten() {
    let store = house();
    page(&store, 1, NOW);
    page(&store, 2, NOW);
    let over = |millis: u64| is_over(&store, "ses_1", at(millis)).unwrap();
    assert!(!over(0) && !over(20 * MINUTE), "nobody has noted that it expired");
    end(&store, "ses_1", "page", NOW).unwrap();
    assert!(!over(29_000) && over(30_000), "what was told of it is on its way");
    forget(&store, "b", "ses_1").unwrap();
    assert!(find(&store, "ses_1").unwrap().is_some(), "another tenant's");
    forget(&store, "a", "ses_1").unwrap();
    forget(&store, "a", "ses_1").unwrap();
    assert!(find(&store, "ses_1").unwrap().is_none() && is_over(&store, "ses_1", NOW).unwrap());
    let left: Vec<String> = store.keys().into_iter().filter(|key| key.contains("ses_1")).collect();
    assert_eq!(left, [""; 0]);
    // The sweep passes over its place, and looks after the others as ever.
    assert_eq!(overdue(&store, 10, at(20 * MINUTE)).unwrap(), ["ses_2"]);
    end(&store, "ses_2", "expired", at(20 * MINUTE)).unwrap();
    (0..3).for_each(|_| drop(overdue(&store, 10, at(3 * calendar::DAY)).unwrap()));
    assert!(find(&store, "ses_2").unwrap().is_none());
}
