//! The list of sessions: what it shows, to whom, and that holes don't disturb it.

use calendar::{DAY, Millis};
use kv_schemas::{Store, families, memory::Memory};
use serde_json::{Value as Json, json};

use super::house::*;
use crate::*;

pub fn all() -> Asked {
    Asked { tenant: None, which: Which::All, limit: 200, cursor: None }
}

pub fn of(tenant: &str) -> Asked {
    Asked { tenant: Some(tenant.into()), ..all() }
}

pub fn ids(page: &Page) -> Vec<&str> {
    page.sessions.iter().map(|session| session.id.as_str()).collect()
}

/// The numbers of the sessions on a page, and whether there may be more.
pub fn seen(store: &Memory, asked: &Asked, at: Millis) -> (Vec<u64>, bool) {
    let page = list(store, at, asked).unwrap();
    (ids(&page).iter().map(|id| id[4..].parse().unwrap()).collect(), page.next_cursor.is_some())
}

/// State, reason and time of the end, as it is shown of session 1.
fn end(store: &Memory, at: Millis) -> (&'static str, Option<String>, Option<String>) {
    let page = list(store, at, &all()).unwrap();
    let session = page.sessions.into_iter().find(|session| session.id == "ses_1").unwrap();
    (session.state, session.end_reason, session.ended_at)
}

fn ended(reason: &str, at: Option<Millis>) -> (&'static str, Option<String>, Option<String>) {
    ("ended", Some(reason.into()), at.map(|at| at.to_string()))
}

fn open_as(store: &Memory, n: u64, tenant: &str, at: Millis) {
    let body = json!({"channel": "widget", "consent": true});
    try_open(store, n, &format!("tg_sk_{tenant}"), None, body, at).unwrap();
}

/// What earlier releases wrote: a place that doesn't say whose it is.
fn forget_whose(store: &Memory, place: u64) {
    let key = format!("session-list/{place}");
    let mut listed: Json = serde_json::from_slice(&store.get(&key).unwrap().unwrap()).unwrap();
    assert!(listed.as_object_mut().unwrap().remove("tenant").is_some());
    store.set(&key, listed.to_string().as_bytes()).unwrap();
}

#[test]
fn ses_6_the_newest_comes_first_and_no_secret_is_shown() {
    let store = house();
    let token = page(&store, 1, NOW);
    open_as(&store, 2, "b", NOW.plus(5));
    touch(&store, "ses_1", 20_000, NOW).unwrap();
    let page = list(&store, NOW.plus(10), &all()).unwrap();
    let capabilities = ["chat", "speech", "video", "context", "jobs"];
    let shown = json!({"sessions": [
        {"id": "ses_2", "tenant_id": "b", "company": "acme", "channel": "widget", "capabilities": capabilities,
            "module": null, "origin": null, "state": "open", "created_at": NOW.plus(5).to_string(),
            "expires_at": NOW.plus(5).plus(LIFETIME).to_string(), "ended_at": null, "end_reason": null,
            "last_tick_due": null},
        {"id": "ses_1", "tenant_id": "a", "company": "acme", "channel": "widget", "capabilities": capabilities,
            "module": null, "origin": HERE, "state": "open", "created_at": NOW.to_string(),
            "expires_at": NOW.plus(LIFETIME).to_string(), "ended_at": null, "end_reason": null,
            "last_tick_due": NOW.plus(20_000).to_string()},
    ], "next_cursor": null});
    assert_eq!(serde_json::to_value(&page).unwrap(), shown);
    let text = shown.to_string();
    for n in [1, 2] {
        let stored = find(&store, &format!("ses_{n}")).unwrap().unwrap();
        for secret in [&seed(n).secret, &stored.token_sha256, &stored.key_sha256, &token] {
            assert!(!text.contains(secret.as_str()));
        }
    }
}

#[test]
fn ses_6_an_end_is_shown_with_its_reason_and_its_time_noted_or_not() {
    let later = NOW.plus(5 * DAY);
    // Whoever notes it late changes nothing of when it was.
    let check = |store: &Memory, at: Millis, shown: (&'static str, Option<String>, Option<String>)| {
        assert_eq!(end(store, at), shown);
        crate::end(store, "ses_1", "swept", later).unwrap();
        assert_eq!(end(store, later), shown);
    };
    let made = || {
        let store = house();
        page(&store, 1, NOW);
        store
    };
    let store = made();
    assert_eq!(end(&store, NOW.plus(LIFETIME - 1)), ("open", None, None));
    check(&store, NOW.plus(LIFETIME), ended("expired", Some(NOW.plus(LIFETIME))));

    let store = made();
    touch(&store, "ses_1", 30_000, NOW).unwrap();
    assert_eq!(end(&store, NOW.plus(30_000)).0, "open");
    check(&store, NOW.plus(30_001), ended("missed_tick", Some(NOW.plus(30_000))));

    let store = made();
    crate::end(&store, "ses_1", "page", NOW.plus(7)).unwrap();
    check(&store, NOW.plus(8), ended("page", Some(NOW.plus(7))));

    // Nobody knows since when, until it is noted.
    let store = made();
    tenancy::revoke_key(&store, NOW, "a", &tenancy::key_id("tg_pk_a"), &tenancy::Unlogged).unwrap();
    assert_eq!(end(&store, NOW.plus(9)), ended("revoked", None));
    crate::end(&store, "ses_1", "missed_tick", NOW.plus(10)).unwrap();
    assert_eq!(end(&store, NOW.plus(11)), ended("revoked", Some(NOW.plus(10))));
}

#[test]
fn ses_6_sessions_of_a_tenant_that_is_gone_are_shown_until_they_are_swept() {
    let store = house();
    page(&store, 1, NOW);
    tenancy::delete(&store, NOW, "a", &tenancy::Unlogged).unwrap();
    assert_eq!(end(&store, NOW.plus(1)), ended("revoked", None));
    assert_eq!(seen(&store, &of("a"), NOW.plus(1)), (vec![1], false));
    crate::end(&store, "ses_1", "revoked", NOW.plus(2)).unwrap();
    for (at, left) in [(DAY, vec![1]), (DAY + 2, vec![])] {
        (0..3).for_each(|_| drop(overdue(&store, 10, NOW.plus(at)).unwrap()));
        assert_eq!(seen(&store, &all(), NOW.plus(at)), (left, false), "{at}");
    }
}

#[test]
fn ses_6_who_asks_for_one_tenants_or_for_one_state_gets_no_others() {
    let store = house();
    for (n, tenant) in [(1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "a")] {
        open_as(&store, n, tenant, NOW);
    }
    // Two were written before a place said whose it is.
    forget_whose(&store, 3);
    forget_whose(&store, 4);
    crate::end(&store, "ses_1", "page", NOW).unwrap();
    crate::end(&store, "ses_4", "page", NOW).unwrap();
    touch(&store, "ses_5", 1_000, NOW).unwrap();
    let check = |tenant: Option<&str>, which: Which, after: u64, expected: &[u64]| {
        let asked = Asked { tenant: tenant.map(str::to_owned), which, ..all() };
        assert_eq!(seen(&store, &asked, NOW.plus(after)), (expected.to_vec(), false), "{asked:?} {after}");
    };
    check(None, Which::All, 0, &[5, 4, 3, 2, 1]);
    check(Some("a"), Which::All, 0, &[5, 3, 1]);
    check(Some("b"), Which::All, 0, &[4, 2]);
    check(Some("nobody"), Which::All, 0, &[]);
    check(None, Which::Open, 0, &[5, 3, 2]);
    check(None, Which::Ended, 0, &[4, 1]);
    check(Some("a"), Which::Open, 2_000, &[3]);
    check(Some("a"), Which::Ended, 2_000, &[5, 1]);
    check(Some("b"), Which::Open, 0, &[2]);
    check(None, Which::Open, LIFETIME, &[]);
    check(None, Which::Ended, LIFETIME, &[5, 4, 3, 2, 1]);
    check(None, Which::Open, 20 * LIFETIME, &[]);
}

#[test]
fn ses_6_holes_are_passed_over_wherever_they_are() {
    let store = house();
    let taken_and_never_written = |store: &Memory| assert!(store.increment("session-list/tail", 1).is_ok());
    let crashed = |store: &Memory, n: u64| {
        let place = json!({"id": format!("ses_{n}"), "at": NOW.0, "tenant": "a"});
        families::SESSION_LIST.log::<Json>(&[]).append(store, &place).unwrap();
    };
    taken_and_never_written(&store);
    page(&store, 1, NOW);
    taken_and_never_written(&store);
    crashed(&store, 2);
    page(&store, 3, NOW);
    taken_and_never_written(&store);
    page(&store, 4, NOW);
    page(&store, 5, NOW);
    forget(&store, "a", "ses_4").unwrap();
    taken_and_never_written(&store);
    crashed(&store, 6);
    taken_and_never_written(&store);
    assert_eq!(seen(&store, &all(), NOW), (vec![5, 3, 1], false));
    assert_eq!(seen(&store, &of("a"), NOW), (vec![5, 3, 1], false));
    let one = Asked { limit: 1, ..all() };
    assert_eq!(seen(&store, &one, NOW), (vec![5], true));
    // Nothing behind it is no less the end of the list.
    assert_eq!(seen(&Memory::default(), &all(), NOW), (vec![], false));
    let empty = Memory::default();
    (0..3).for_each(|_| taken_and_never_written(&empty));
    assert_eq!(seen(&empty, &all(), NOW), (vec![], false));
}

#[test]
fn ses_6_a_session_that_was_opened_twice_is_shown_once() {
    let store = house();
    page(&store, 1, NOW);
    page(&store, 2, NOW.plus(1));
    // The same seed again, as of a request that is repeated after a crash: it is the same session with a later end.
    page(&store, 1, NOW.plus(2));
    assert_eq!(seen(&store, &all(), NOW.plus(3)), (vec![1, 2], false));
    // A repeat that dies before it has written the session leaves it where it was.
    store.fail_after(4);
    let body = json!({"channel": "widget", "consent": true});
    assert!(try_open(&store, 2, "tg_pk_a", Some(HERE), body, NOW.plus(4)).is_err());
    store.recover();
    assert_eq!(seen(&store, &all(), NOW.plus(5)), (vec![1, 2], false));
}
