//! An operator has a stored event applied again.

use calendar::Millis;
use kv_schemas::memory::Memory;
use webhooks::ingest::{Answer, BACKOFF_MS, Desk, Event, Outcome, dead_letters};

use crate::house::{Clerk, NOW, due, ended, house, note, only, report, send, unreadable, work};

fn replay(store: &Memory, at: Millis, event: &Result<Event, String>) -> Outcome {
    let reader = |_: &webhooks::ingest::Stored| event.clone();
    Desk { store, books: &Clerk::default(), reader: &reader, clock: &|| at }.replay(&only(store)).unwrap()
}

#[test]
fn a_dead_letter_is_replayed_until_it_works() {
    let store = house();
    send(&store, NOW, "e1", &unreadable()).unwrap();
    assert_eq!(dead_letters(&store, 10).unwrap()[0].name, None);
    // The adapter has learnt, but nobody knows the session.
    assert!(matches!(replay(&store, NOW.plus(1), &ended("c9")), Outcome::Dead(_)));
    let letters = dead_letters(&store, 10).unwrap();
    assert_eq!(letters.len(), 1, "listed once however often it fails");
    assert_eq!((letters[0].name.as_deref(), letters[0].attempts), (Some("system.shutdown"), 2));
    note(&store, "c9", "lv_9");
    assert_eq!(replay(&store, NOW.plus(2), &ended("c9")), Outcome::Done);
    assert_eq!(dead_letters(&store, 10).unwrap(), []);
    assert!(report(&store, "lv_9").is_some());
    assert_eq!(send(&store, NOW.plus(3), "e1", &ended("c9")), Ok(Answer::Duplicate));
}

#[test]
fn one_that_is_retried_can_be_hurried_and_keeps_its_turn() {
    let store = house();
    send(&store, NOW, "e1", &ended("c9")).unwrap();
    for _ in 0..10 {
        assert!(matches!(replay(&store, NOW.plus(1), &ended("c9")), Outcome::Retrying(_)), "no attempt is used up");
    }
    assert_eq!(work(&store, NOW.plus(4_999), &ended("c9")).unwrap().retrying, 0);
    assert_eq!(work(&store, NOW.plus(BACKOFF_MS[0]), &ended("c9")).unwrap().retrying, 1);
    note(&store, "c9", "lv_9");
    assert_eq!(replay(&store, NOW.plus(6_000), &ended("c9")), Outcome::Done);
    assert_eq!(work(&store, NOW.plus(60_000), &ended("c9")).unwrap().done, 0);
    assert_eq!(due(&store), 0, "struck off");
}

#[test]
fn what_is_done_stays_done_however_a_replay_goes() {
    let store = house();
    send(&store, NOW, "e1", &ended("c1")).unwrap();
    let first = report(&store, "lv_1");
    assert_eq!(replay(&store, NOW.plus(1), &ended("c1")), Outcome::Done);
    assert_eq!(replay(&store, NOW.plus(2), &unreadable()), Outcome::Done);
    assert_eq!((report(&store, "lv_1"), dead_letters(&store, 10).unwrap()), (first, vec![]));
}
