//! The ring and its summary: what readers see when, what it costs, and what crashes and concurrent writers leave.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use calendar::Millis;
use common::{Caller, NOW, every_schedule};
use kv_schemas::{Store, memory::Memory};
use router::{
    Summary,
    window::{KEPT_MS, Observation, SLOTS, TEMPLATE, fresh_summary, record, summary},
};

fn observation(candidate: &str, ok: bool, at: Millis) -> Observation {
    Observation {
        candidate: candidate.into(),
        failed_before: Vec::new(),
        latency_ms: 100,
        ok,
        decision_us: 50,
        rung: 0,
        at,
    }
}

fn well(store: &dyn Store, at: Millis) {
    record(store, "demo", observation("v/a", true, at)).unwrap();
}

fn decisions(store: &dyn Store, at: Millis) -> u32 {
    summary(store, "demo", at).unwrap().decisions
}

#[test]
fn whoever_asks_how_routing_fares_sees_the_last_decision() {
    let store = Memory::default();
    for made in 1..=SLOTS + 3 {
        well(&store, NOW);
        let seen = u64::from(fresh_summary(&store, "demo", NOW).unwrap().decisions);
        assert_eq!(seen, made.min(SLOTS));
    }
}

#[test]
fn every_eighth_decision_and_every_failure_is_seen_at_once() {
    let failure = observation("v/a", false, NOW);
    let fallback = Observation { failed_before: vec!["v/b".into()], rung: 1, ..observation("v/a", true, NOW) };
    let template = Observation { rung: TEMPLATE, ..observation("", true, NOW) };
    let breaker_open = Observation { rung: 1, ..observation("v/a", true, NOW) };
    let check = |before: u64, last: Observation, seen: u32| {
        let store = Memory::default();
        (0..before).for_each(|_| well(&store, NOW));
        record(&store, "demo", last.clone()).unwrap();
        assert_eq!(decisions(&store, NOW), seen, "{before}, then {last:?}");
    };
    let good = observation("v/a", true, NOW);
    check(0, good.clone(), 0);
    check(6, good.clone(), 0);
    check(7, good.clone(), 8);
    check(8, good.clone(), 8);
    check(15, good.clone(), 16);
    check(63, good.clone(), 64);
    check(71, good, 64);
    for failed in [failure, fallback, template] {
        check(0, failed.clone(), 1);
        check(3, failed.clone(), 4);
        check(100, failed, 64);
    }
    check(3, breaker_open, 0);
}

#[test]
fn only_the_last_decisions_count_and_only_while_they_are_recent() {
    let store = Memory::default();
    (0..8).for_each(|_| record(&store, "demo", observation("v/old", true, NOW)).unwrap());
    assert_eq!(decisions(&store, NOW.plus(KEPT_MS)), 8);
    assert_eq!(summary(&store, "demo", NOW.plus(KEPT_MS + 1)), Ok(Summary::default()));
    assert_eq!(summary(&store, "other", NOW), Ok(Summary::default()));

    let later = NOW.plus(KEPT_MS - 1_000);
    (0..SLOTS - 8).for_each(|_| well(&store, later));
    let count = |id: &str, at| summary(&store, "demo", at).unwrap().candidates.get(id).map(|tally| tally.calls);
    assert_eq!((count("v/old", later), count("v/a", later)), (Some(8), Some(56)));
    (0..8).for_each(|_| well(&store, later));
    assert_eq!((count("v/old", later), count("v/a", later)), (None, Some(64)), "the ring came round");
    assert_eq!(store.keys().len(), 66, "64 slots, the counter and the summary");
}

#[test]
fn reading_is_one_get_and_noting_a_success_two_writes() {
    let store = Memory::default();
    store.fail_after(2);
    well(&store, NOW);
    store.fail_after(1);
    summary(&store, "demo", NOW).unwrap();
}

#[test]
fn a_crash_at_any_operation_costs_a_decision_at_most() {
    for operations in 0..70 {
        let store = Memory::default();
        (0..70).for_each(|_| well(&store, NOW));
        store.fail_after(operations);
        let crashed = record(&store, "demo", observation("v/b", false, NOW)).is_err();
        store.recover();
        assert_eq!(crashed, operations < 67, "{operations}");
        record(&store, "demo", observation("v/b", false, NOW)).unwrap();
        let seen = summary(&store, "demo", NOW).unwrap();
        let failures = seen.candidates.get("v/b").map(|tally| tally.failures);
        assert_eq!(failures, Some(if operations < 2 { 1 } else { 2 }), "{operations}");
        assert_eq!(seen.decisions, 64, "{operations}: a hole keeps what was there");
    }
}

#[test]
fn writers_at_once_have_slots_of_their_own() {
    // Three writers of two operations each, one of which may stop; the next failure sums up all that were noted.
    let writer = |store: &dyn Store| record(store, "demo", observation("v/a", true, NOW));
    let callers: [Caller<()>; 3] = [&writer, &writer, &writer];
    let ends = every_schedule(&Memory::default(), &callers, 2, &|store, results| {
        let noted = u32::try_from(results.iter().flatten().count()).unwrap();
        record(store, "demo", observation("v/b", false, NOW)).unwrap();
        let seen = summary(store, "demo", NOW).unwrap();
        assert_eq!((seen.decisions, seen.succeeded, seen.failed_in_a_row), (noted + 1, noted, 1));
    });
    assert!(ends > 100);
}

#[test]
fn a_summary_that_was_slow_is_replaced_by_the_next() {
    // One sums up a failure while, in any gap, seven more decisions pass: whoever wrote last, the next one is right.
    for at in 0..70 {
        let store = Memory::default();
        let others = |store: &dyn Store| (0..7).for_each(|_| well(store, NOW));
        let slow = kv_schemas::gap::Gap::new(&store, at, &others);
        record(&slow, "demo", observation("v/b", false, NOW)).unwrap();
        assert_eq!(slow.reached(), at < 67);
        let seen = decisions(&store, NOW);
        assert!((1..=8).contains(&seen), "{seen} in gap {at}");
        let before = if slow.reached() { 8 } else { 1 };
        record(&store, "demo", observation("v/b", false, NOW)).unwrap();
        assert_eq!(decisions(&store, NOW), before + 1, "in gap {at}");
    }
}
