//! The queue for a free place: in the order of coming, with nobody waiting for the dead.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use common::{NOW, places, seconds, store};
use kv_schemas::memory::Memory;
use limits::{Denial, Granted, Reservation, release, reserve};

const WAIT: u64 = 5_000;

/// One place for all, and whoever finds none waits up to five seconds.
fn house(places: u64) -> Memory {
    store(&format!(r#"{{"burst":{places},"queue_wait_ms":{WAIT}}}"#), "{}")
}

/// A try of caller `id` at `at` milliseconds.
fn come(store: &Memory, id: &str, at: u64, ticket: Option<u64>) -> Result<Granted, Denial> {
    let asked = Reservation { ticket, counted: true, ttl_ms: 600_000, ..seconds(1) };
    reserve(store, NOW.plus(at), &format!("lc_{id}.{at}"), &asked)
}

fn ticket(outcome: Result<Granted, Denial>) -> u64 {
    outcome.unwrap_err().ticket.unwrap()
}

#[test]
fn callers_are_served_in_the_order_of_their_coming() {
    let store = house(1);
    let mut holder = come(&store, "0", 0, None).unwrap().id;
    let mut waiting: Vec<_> = (1..=5).map(|i| (i, ticket(come(&store, &i.to_string(), i, None)))).collect();
    let mut served = Vec::new();
    for round in 1..=5 {
        let at = round * 100;
        // Everybody comes, the last first; nobody gets through while the place is taken.
        for (i, number) in waiting.iter().rev() {
            assert_eq!(ticket(come(&store, &i.to_string(), at, Some(*number))), *number);
        }
        release(&store, &holder).unwrap();
        assert!(come(&store, "new", at + 1, None).is_err(), "a newcomer doesn't overtake");
        for (i, number) in waiting.clone().into_iter().rev() {
            if let Ok(granted) = come(&store, &i.to_string(), at + 2, Some(number)) {
                holder = granted.id;
                served.push(i);
                waiting.retain(|(other, _)| *other != i);
            }
        }
        assert_eq!(places(&store), 1);
    }
    assert_eq!(served, [1, 2, 3, 4, 5]);
}

#[test]
fn as_many_may_try_as_places_are_free() {
    let store = house(3);
    let held: Vec<_> = (0..3).map(|i| come(&store, &i.to_string(), 0, None).unwrap().id).collect();
    let numbers: Vec<_> = (3..8).map(|i| ticket(come(&store, &i.to_string(), 1, None))).collect();
    held.iter().for_each(|id| release(&store, id).unwrap());
    let passed: Vec<_> =
        numbers.iter().rev().map(|number| come(&store, "w", 100 + number, Some(*number)).is_ok()).collect();
    assert_eq!(passed, [false, false, true, true, true], "the first three of five");
}

#[test]
fn who_has_waited_long_enough_is_told_so_and_leaves() {
    let store = house(1);
    come(&store, "0", 0, None).unwrap();
    let number = ticket(come(&store, "1", 0, None));
    for at in (500..WAIT).step_by(500) {
        assert_eq!(come(&store, "1", at, Some(number)).unwrap_err().ticket, Some(number), "at {at}");
    }
    for at in [WAIT, WAIT + 500] {
        let denial = come(&store, "1", at, Some(number)).unwrap_err();
        assert_eq!((denial.code.as_str(), denial.ticket, denial.retry_after_ms), ("burst", None, Some(1_000)));
    }
}

#[test]
fn who_doesnt_come_any_more_is_passed_over() {
    let store = house(1);
    let holder = come(&store, "0", 0, None).unwrap().id;
    let gone = ticket(come(&store, "gone", 1, None));
    let here = ticket(come(&store, "here", 2, None));
    release(&store, &holder).unwrap();
    assert!(come(&store, "here", 1_000, Some(here)).is_err(), "the other may still come");
    assert!(come(&store, "here", 2_100, Some(here)).is_ok());
    // Back after all: its slot is gone, and so is its turn.
    assert_eq!(come(&store, "gone", 2_200, Some(gone)).unwrap_err().ticket, None);
}

#[test]
fn without_a_wait_there_is_no_queue() {
    let store = store(r#"{"burst":1}"#, "{}");
    come(&store, "0", 0, None).unwrap();
    assert_eq!(come(&store, "1", 0, None).unwrap_err().ticket, None);
}

#[test]
fn a_key_waits_too_and_gives_one_permit() {
    let store = house(1);
    let with = |key: &str, at: u64, ticket| {
        let asked = Reservation { idempotency_key: Some(key.into()), ticket, ttl_ms: 600_000, ..seconds(1) };
        reserve(&store, NOW.plus(at), "lc_unused", &asked)
    };
    let holder = come(&store, "0", 0, None).unwrap().id;
    let number = ticket(with("a", 1, None));
    release(&store, &holder).unwrap();
    let granted = with("a", 100, Some(number)).unwrap();
    assert_eq!(with("a", 101, None).unwrap().id, granted.id);
    assert_eq!(places(&store), 1);
    // A key whose caller has waited in vain stays denied.
    let number = ticket(with("b", 200, None));
    assert_eq!(with("b", 200 + WAIT, Some(number)).unwrap_err().ticket, None);
    release(&store, &granted.id).unwrap();
    assert_eq!(with("b", 300 + WAIT, None).unwrap_err().code, "burst");
}

#[test]
fn a_queue_is_bounded_and_leaves_nothing_behind() {
    let store = house(1);
    let holder = come(&store, "0", 0, None).unwrap().id;
    let numbers: Vec<_> =
        (0..1_100).filter_map(|i| come(&store, &i.to_string(), 1, None).unwrap_err().ticket).collect();
    assert_eq!(numbers.len(), 1_024);
    release(&store, &holder).unwrap();
    for i in 0..20 {
        let late = come(&store, "late", WAIT + i, None).unwrap();
        release(&store, &late.id).unwrap();
    }
    let slots = store.keys().into_iter().filter(|key| key.starts_with("queue/")).count();
    assert_eq!(slots, 1, "the tail");
}
