//! Events after 14 days, their ids after 32.

use kv_schemas::Store;
use webhooks::ingest::{Answer, Expired, KEEP_EVENT_MS, KEEP_ID_MS, dead_letters, sweep};

use crate::house::{NOW, due, ended, events, house, send, unreadable, work};

#[test]
fn what_is_too_old_is_forgotten_as_webhooks_come() {
    let store = house();
    for n in 0..20 {
        send(&store, NOW, &format!("old{n}"), &unreadable()).unwrap();
    }
    // Holes as a crashed delivery leaves them, more than one sweep takes.
    store.increment("webhook-list/tail", 30).unwrap();
    let count = |prefix: &str| store.keys().iter().filter(|key| key.starts_with(prefix)).count();
    let pass = |at: u64, what: &str| {
        for n in 0..20 {
            send(&store, NOW.plus(at), &format!("{what}{n}"), &ended("c1")).unwrap();
        }
    };
    pass(KEEP_EVENT_MS, "a");
    assert_eq!((count("webhook/"), dead_letters(&store, 100).unwrap().len()), (40, 20), "not a moment too early");
    pass(KEEP_EVENT_MS + 1, "b");
    assert_eq!((count("webhook/"), dead_letters(&store, 100).unwrap().len()), (40, 0));
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS), "old0", &ended("nobody")), Ok(Answer::Duplicate));
    pass(KEEP_ID_MS + 1, "c");
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS + 2), "old0", &ended("c1")), Ok(Answer::Accepted));
    // a, b, c and the one again.
    assert_eq!((count("webhook-seen/"), count("webhook-applying/")), (61, 61));
    pass(2 * KEEP_ID_MS + 2, "d");
    pass(2 * KEEP_ID_MS + 2, "e");
    // d, e and the id of the one again; its event is gone.
    assert_eq!((count("webhook-seen/"), count("webhook-applying/"), count("webhook/")), (41, 41, 40));
}

#[test]
fn more_holes_than_a_sweep_looks_past_do_not_stop_it_for_ever() {
    let store = house();
    store.increment("webhook-list/tail", 300).unwrap();
    send(&store, NOW, "old", &ended("c1")).unwrap();
    store.increment("webhook-list/tail", 1_100).unwrap();
    for n in 0..10 {
        send(&store, NOW.plus(KEEP_ID_MS + 1), &format!("new{n}"), &ended("c1")).unwrap();
    }
    assert_eq!(events(&store).len(), 10, "the old event is gone");
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS + 2), "old", &ended("c1")), Ok(Answer::Accepted));
}

#[test]
fn without_deliveries_the_maintenance_forgets_and_leaves_nothing_but_heads() {
    let store = house();
    for n in 0..50 {
        let event = if n % 2 == 0 { unreadable() } else { ended("nobody") };
        send(&store, NOW, &format!("e{n}"), &event).unwrap();
    }
    let count = |prefix: &str| store.keys().iter().filter(|key| key.starts_with(prefix)).count();
    // Nobody has retried anything for 14 days, and now the events are gone.
    sweep(&store, NOW.plus(KEEP_EVENT_MS + 1), Expired(100)).unwrap();
    assert_eq!((events(&store).len(), due(&store)), (0, 25));
    let worked = work(&store, NOW.plus(KEEP_EVENT_MS + 2), &ended("nobody")).unwrap();
    assert_eq!((worked.retrying, worked.dead, worked.trouble, due(&store)), (0, 0, None, 0));
    sweep(&store, NOW.plus(KEEP_ID_MS), Expired(100)).unwrap();
    assert_eq!((count("webhook-seen/"), count("webhook-applying/")), (50, 50), "not a moment too early");
    sweep(&store, NOW.plus(KEEP_ID_MS + 1), Expired(100)).unwrap();
    let left: Vec<String> =
        store.keys().into_iter().filter(|k| k.starts_with("webhook") || k.starts_with("dead")).collect();
    assert_eq!(
        left,
        [
            "dead-letter/tail",
            "webhook-count/dead",
            "webhook-count/failed",
            "webhook-due-head",
            "webhook-due-ticket",
            "webhook-due/tail",
            "webhook-head",
            "webhook-list/tail",
            "webhook-worked",
        ]
    );
}
