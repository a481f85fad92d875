//! Many permits held at once: the reaper does as much as there is to be done, not as much as there is to look at.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use common::{NOW, seconds, settle, store};
use kv_schemas::{Store, counted::Counted, memory::Memory};
use limits::{Reservation, Used, reap, reserve};

fn hold(store: &Memory, ids: std::ops::Range<u64>, ttl_ms: u64) {
    let asked = Reservation { counted: true, ttl_ms, ..seconds(1) };
    for id in ids {
        reserve(store, NOW, &format!("lc_{id}"), &asked).unwrap();
    }
}

/// One maintenance: how many operations it took, and what it found overdue.
fn round(store: &Memory, second: u64) -> (u64, Vec<String>) {
    let counted = Counted::of(store);
    let (mut overdue, mut runs) = (Vec::new(), 0);
    loop {
        let reaped = reap(&counted, NOW.plus(second * 1_000), usize::MAX).unwrap();
        overdue.extend(reaped.overdue);
        runs += 1;
        assert!(runs < 1_000, "it goes round and round");
        if !reaped.more {
            return (counted.operations(), overdue);
        }
    }
}

fn tail(store: &Memory) -> i64 {
    store.clone().increment("permit-list/tail", 0).unwrap()
}

#[test]
fn a_burst_that_stays_is_looked_at_and_not_moved() {
    for burst in [300, 800, 1_000, 3_000] {
        let store = store("{}", "{}");
        // Walks have seen an empty house.
        hold(&store, 0..1, 60_000);
        settle(&store, "lc_0", &Used::Unknown).unwrap();
        round(&store, 0);
        hold(&store, 1..burst + 1, 600_000);
        let before = tail(&store);
        for second in 1..5 {
            let (operations, overdue) = round(&store, second);
            assert!(overdue.is_empty() && operations < 3 * burst + 300, "{burst}: {operations} operations");
        }
        assert_eq!(tail(&store), before, "of {burst} permits none was listed anew");
    }
}

#[test]
fn the_more_are_held_the_longer_a_walk_takes_not_the_more_it_costs() {
    let store = store("{}", "{}");
    hold(&store, 0..10_000, 600_000);
    let costs: Vec<u64> = (0..20).map(|second| round(&store, second).0).collect();
    assert!(costs.iter().all(|cost| *cost < 6_000), "{costs:?}");
    // Those of whom nothing comes are found all the same, each once somebody has settled it.
    let mut left = 10_000;
    for second in 601..620 {
        for id in round(&store, second).1 {
            settle(&store, &id, &Used::Unknown).unwrap();
            left -= 1;
        }
    }
    assert_eq!(left, 0, "after three walks at most");
    assert_eq!(common::places(&store), 0);
}

#[test]
fn what_is_over_behind_a_crowd_leaves_the_list() {
    let store = store("{}", "{}");
    hold(&store, 0..5_000, 600_000);
    for second in 0..40 {
        let first = 5_000 + second * 500;
        hold(&store, first..first + 500, 60_000);
        for id in first..first + 500 {
            settle(&store, &format!("lc_{id}"), &Used::Unknown).unwrap();
        }
        round(&store, second);
    }
    (40..60).for_each(|second| drop(round(&store, second)));
    let listed = store.keys().into_iter().filter(|key| key.starts_with("permit-list/")).count();
    assert_eq!(listed, 5_001, "the crowd and the tail");
}
