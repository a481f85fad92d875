//! Several at once, switching between any two store operations: writers and runs of the sequencer under many schedules,
//! with runs that are slower than their lease and writers that are slower than the grace period.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Entry, Filter};
use common::{
    NOW, append,
    books::{check_books, check_settled, settle},
    entry, everything, sequence,
    table::{Act, Plan, play},
    tree::check_served,
    watch::Watch,
};
use kv_schemas::Store;

const RUNNERS: u64 = 3;
const WRITERS: u64 = 3;

/// At four points in time that are up to `pace` apart.
fn runner<'a>(me: u64, pace: u64) -> Act<'a> {
    Box::new(move |store: &dyn Store| {
        for round in 0..4 {
            sequence(store, NOW.plus(round * pace + me), 4).unwrap();
        }
    })
}

/// Two entries.
fn writer<'a>(me: u64) -> Act<'a> {
    Box::new(move |store: &dyn Store| {
        for n in 0..2 {
            let entry = entry(&format!("lc_{}", me * 2 + n), ["a", "b"][n as usize], 4 + me as i64);
            let entry = Entry { at_ms: NOW.plus(n * 2_000), ..entry };
            // A writer that the sequencer passes over each time is told so, and repeats.
            while append(store, &entry).is_err() {}
        }
    })
}

fn check(seed: u64, stay: u64, pace: u64) {
    let acts = (0..RUNNERS).map(|me| runner(me, pace)).chain((0..WRITERS).map(writer)).collect();
    let watch = play(Watch::default(), Plan::Random { seed, stay }, acts);
    let expected: Vec<String> = (0..WRITERS * 2).map(|n| format!("lc_{n}")).collect();
    let when = format!("seed {seed}, stay {stay}, pace {pace}");
    check_books(&watch.memory, &expected, &when);
    check_served(&watch.memory, &when);
    let before = everything(&watch.memory, Filter::All);
    settle(&watch, 4 * pace + 20_000);
    check_settled(&watch.memory, &before, &expected, &when);
    watch.check_history(&when);
}

#[test]
fn every_schedule_gives_a_log_that_agrees_with_itself() {
    for seed in 1..=200 {
        for (stay, pace) in [(2, 11_000), (8, 11_000), (8, 31_001), (30, 31_001), (30, 0)] {
            check(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15), stay, pace);
        }
    }
}
