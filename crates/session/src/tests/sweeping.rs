//! The sweep finds what has ended, is bounded, and forgets after a day.

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::memory::Memory;

use super::house::*;
use crate::*;

/// Without the outbox, which isn't the sweep's.
fn session_keys(store: &Memory) -> Vec<String> {
    let stays = |key: &str| ["session-list/tail", "session-head"].contains(&key) || key.starts_with("session-event");
    store.keys().into_iter().filter(|key| key.starts_with("session") && !stays(key)).collect()
}

#[test]
fn finds_missed_ticks_expiry_and_revocation_until_they_are_ended() {
    let store = house();
    for n in 1..=4 {
        page(&store, n, NOW);
    }
    touch(&store, "ses_2", 1_000, NOW).unwrap();
    end(&store, "ses_3", "page", NOW).unwrap();
    let check = |at: Millis, ids: &[&str]| assert_eq!(overdue(&store, 10, at).unwrap(), ids);
    check(NOW, &[]);
    check(NOW.plus(2_000), &["ses_2"]);
    check(NOW.plus(2_000), &["ses_2"]);
    end(&store, "ses_2", "missed_tick", NOW.plus(2_000)).unwrap();
    check(NOW.plus(2_000), &[]);
    check(NOW.plus(15 * MINUTE), &["ses_1", "ses_4"]);
    let other = house();
    page(&other, 1, NOW);
    tenancy::delete(&other, NOW, "a", &tenancy::Unlogged).unwrap();
    assert_eq!(overdue(&other, 10, NOW).unwrap(), ["ses_1"]);
    end(&other, "ses_1", "missed_tick", NOW).unwrap();
    assert_eq!(view(&other, "a", "ses_1", NOW).unwrap().ended_by.as_deref(), Some("revoked"));
    assert_eq!(overdue(&other, 10, NOW).unwrap(), Vec::<String>::new());
}

#[test]
fn is_bounded_and_comes_round() {
    let store = house();
    for n in 1..=10 {
        page(&store, n, NOW);
    }
    let late = NOW.plus(16 * MINUTE);
    let mut ended = Vec::new();
    for _ in 0..20 {
        let found = overdue(&store, 3, late).unwrap();
        assert!(found.len() <= 3);
        for id in found {
            // Every other one fails the first time it is ended, as a vendor may.
            if ended.len() % 2 == 0 || ended.contains(&id) {
                end(&store, &id, "missed_tick", late).unwrap();
            }
            ended.push(id);
        }
    }
    for n in 1..=10 {
        assert_eq!(view(&store, "a", &format!("ses_{n}"), late).unwrap().status, "expired", "{n}");
    }
    assert!(overdue(&store, 3, late).unwrap().is_empty());
}

#[test]
fn forgets_a_day_after_the_end_and_passes_over_holes() {
    let store = house();
    page(&store, 1, NOW);
    // A crash between place and session, and one between index and place.
    store.fail_after(4);
    let body = serde_json::json!({"channel": "widget", "consent": true});
    assert!(try_open(&store, 2, "tg_pk_a", Some(HERE), body.clone(), NOW).is_err());
    store.fail_after(3);
    assert!(try_open(&store, 3, "tg_pk_a", Some(HERE), body, NOW).is_err());
    store.recover();
    page(&store, 4, NOW);
    let late = NOW.plus(20 * MINUTE);
    for id in overdue(&store, 10, late).unwrap() {
        end(&store, &id, "missed_tick", late).unwrap();
    }
    for _ in 0..3 {
        overdue(&store, 10, late.plus(DAY - 1)).unwrap();
    }
    assert_eq!(session_keys(&store).iter().filter(|k| k.starts_with("session/")).count(), 2);
    for _ in 0..3 {
        overdue(&store, 10, late.plus(DAY)).unwrap();
    }
    assert_eq!(session_keys(&store), Vec::<String>::new());
    page(&store, 5, late.plus(DAY));
    assert_eq!(overdue(&store, 10, late.plus(DAY + 15 * MINUTE)).unwrap(), ["ses_5"]);
}

#[test]
fn a_flood_is_forgotten_by_the_thousand() {
    let store = house();
    for n in 1..=1_100 {
        page(&store, n, NOW);
        end(&store, &format!("ses_{n}"), "page", NOW).unwrap();
    }
    overdue(&store, 10, NOW).unwrap();
    overdue(&store, 10, NOW).unwrap();
    let records = || store.keys().iter().filter(|key| key.starts_with("session/")).count();
    let check = |left: usize| {
        overdue(&store, 10, NOW.plus(DAY)).unwrap();
        assert!(records() <= left, "{} are left", records());
    };
    assert_eq!(records(), 1_100);
    check(100);
    check(0);
}

#[test]
fn a_crash_at_any_operation_loses_no_session() {
    let late = NOW.plus(2 * DAY);
    for crash in 0..200 {
        let store = house();
        for n in 1..=3 {
            page(&store, n, NOW);
            end(&store, &format!("ses_{n}"), "page", NOW).unwrap();
        }
        overdue(&store, 10, NOW).unwrap();
        page(&store, 9, NOW);
        store.fail_after(crash);
        let swept = overdue(&store, 10, late);
        store.recover();
        assert_eq!(overdue(&store, 10, late).unwrap(), ["ses_9"], "crash after {crash}");
        let left = session_keys(&store).into_iter().filter(|k| !k.contains("ses_9")).count();
        assert_eq!(left, 1, "crash after {crash}: only the place of ses_9 is left");
        if swept.is_ok() {
            assert!(crash > 10);
            return;
        }
    }
    panic!("never got through");
}
