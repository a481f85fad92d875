//! The fault matrix: every operation of a delivery and of a retry fails, in every way.

use calendar::Millis;
use kv_schemas::memory::Memory;
use webhooks::ingest::{BACKOFF_MS, Event, dead_letters};

use crate::{
    faulty::{Fault, Faulty},
    house::{NOW, counted, due, ended, events, house, note, report, send, unreadable, work},
};

/// More operations than a delivery or a round of work has.
const OPERATIONS: u32 = 60;

/// Rounds of work at every moment at which something may fall due.
fn work_on(store: &Memory, from: Millis, event: &Result<Event, String>) {
    let mut now = from;
    for pause in [11_000, 61_000].into_iter().chain(BACKOFF_MS) {
        now = now.plus(pause + 1);
        let worked = work(store, now, event).unwrap();
        assert_eq!(worked.trouble, None);
    }
}

#[test]
fn a_delivery_that_fails_anywhere_is_finished_without_the_vendor() {
    let mut met = 0;
    for (event, effects, letters) in [(ended("c1"), 1, 0), (ended("nobody"), 0, 1), (unreadable(), 0, 1)] {
        for fault in Fault::all(OPERATIONS) {
            let store = house();
            let faulty = Faulty::new(&store, fault);
            let answer = send(&faulty, NOW, "e1", &event);
            met += usize::from(faulty.failed());
            let recorded = store.keys().iter().any(|key| key.starts_with("webhook-seen/"));
            assert!(answer.is_err() || recorded, "{fault:?}: acknowledged, so recorded");

            work_on(&store, NOW, &event);
            let at = format!("{fault:?} {event:?} {answer:?}");
            let expected = |of_all: usize| if recorded { of_all } else { 0 };
            assert_eq!(usize::from(report(&store, "lv_1").is_some()), expected(effects), "{at}");
            assert_eq!(dead_letters(&store, 10).unwrap().len(), expected(letters), "{at}");
            assert_eq!(due(&store), 0, "{at}");

            // What was not acknowledged comes again, and is the same event.
            send(&store, NOW.plus(90_000_000), "e1", &event).unwrap();
            work_on(&store, NOW.plus(90_000_000), &event);
            assert_eq!(usize::from(report(&store, "lv_1").is_some()), effects, "{at}");
            assert_eq!((dead_letters(&store, 10).unwrap().len(), events(&store).len()), (letters, 1), "{at}");
            assert_eq!(due(&store), 0, "{at}");
        }
    }
    assert!(met > 3 * 4 * 12, "{met} faults were met");
}

#[test]
fn a_retry_that_fails_anywhere_is_made_again() {
    let mut met = 0;
    for (event, effects, letters) in [(ended("c2"), 1, 0), (ended("nobody"), 0, 1), (unreadable(), 0, 1)] {
        for fault in Fault::all(OPERATIONS) {
            let store = house();
            send(&store, NOW, "e1", &ended("c2")).unwrap();
            assert_eq!((due(&store), report(&store, "lv_2")), (1, None), "it waits");
            note(&store, "c2", "lv_2");
            let faulty = Faulty::new(&store, fault);
            let _failed = work(&faulty, NOW.plus(5_001), &event);
            met += usize::from(faulty.failed());

            work_on(&store, NOW.plus(31_000), &event);
            let at = format!("{fault:?} {event:?}");
            assert_eq!(usize::from(report(&store, "lv_2").is_some()), effects, "{at}");
            assert_eq!(dead_letters(&store, 10).unwrap().len(), letters, "{at}");
            assert_eq!(due(&store), 0, "{at}");
            assert!(counted(&store, "dead") <= 2, "{at}");
        }
    }
    assert!(met > 3 * 4 * 12, "{met} faults were met");
}
