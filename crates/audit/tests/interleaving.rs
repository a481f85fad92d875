//! Several at once: one runs as a whole between any two store operations of another.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use std::cell::Cell;

use audit::{Entry, Filter, GRACE_MS, RUN_MS, append_timed};
use calendar::Millis;
use common::{
    NOW, append,
    books::{check_books, check_settled, log_bytes, settle},
    entry, everything, sequence,
};
use kv_schemas::{Log, Store, families, gap::Gap, memory::Memory};

/// After this time another run may take over.
const LEASE: u64 = 10_000;

fn entries() -> Vec<Entry> {
    let mut list: Vec<Entry> = (1..=5).map(|n| entry(&format!("lc_{n}"), ["a", "b"][n % 2], n as i64)).collect();
    list[3].at_ms = NOW.plus(2_000); // the next month
    list
}

fn names(last: u32) -> Vec<String> {
    (1..=last).map(|n| format!("lc_{n}")).collect()
}

/// One entry with its number, four without; with `holes`, also a repeat and a hole that somebody waits at since `NOW`.
fn staged(holes: bool) -> Memory {
    let (store, list) = (Memory::default(), entries());
    append(&store, &list[0]).unwrap();
    sequence(&store, NOW, 100).unwrap();
    append(&store, &list[1]).unwrap();
    if holes {
        families::STAGE.log(&[]).append(&store, &list[0]).unwrap();
        store.increment("stage/tail", 1).unwrap();
    }
    for entry in &list[2..] {
        append(&store, entry).unwrap();
    }
    if holes {
        sequence(&store, NOW, 100).unwrap();
    }
    store
}

/// When the hole is young, when it is about to be void, and when it is void.
const TIMES: [u64; 3] = [20_000, GRACE_MS, GRACE_MS + 1];

/// Runs `one` on a fresh store with `other` in its gap number 0, 1, 2 and so on, until there is no such gap.
fn each_gap(
    prepare: impl Fn() -> Memory,
    one: impl Fn(&dyn Store),
    other: impl Fn(&dyn Store),
    holds: impl Fn(&Memory, u32),
) {
    for at in 0..2_000 {
        let store = prepare();
        let gap = Gap::new(&store, at, &other);
        one(&gap);
        let reached = gap.reached();
        holds(&store, at);
        if !reached {
            assert!(at > 3, "there were gaps to try");
            return;
        }
    }
    panic!("more operations than this test allows");
}

fn run(store: &dyn Store, late: u64, limit: u32) {
    sequence(store, NOW.plus(late), limit).unwrap();
}

#[test]
fn two_runs_make_the_log_that_one_makes() {
    for holes in [false, true] {
        let smooth = staged(holes);
        settle(&smooth, 0);
        for (late, limits) in
            TIMES.into_iter().flat_map(|late| [(late, (100, 100)), (late, (3, 100)), (late, (100, 2))])
        {
            // At the same time, after the lease, so that it takes over, and with a clock that is far behind.
            for after in [late, late + LEASE, late + GRACE_MS + LEASE, 0] {
                let when = |at| format!("holes {holes}, {after} in gap {at} of {late}, {limits:?}");
                each_gap(
                    || staged(holes),
                    |store| run(store, late, limits.0),
                    |store| run(store, after, limits.1),
                    |store, at| {
                        check_books(store, &names(5), &when(at));
                        let before = everything(store, Filter::All);
                        settle(store, late + 2 * LEASE);
                        check_settled(store, &before, &names(5), &when(at));
                        assert_eq!(log_bytes(store), log_bytes(&smooth), "{}", when(at));
                    },
                );
            }
        }
    }
}

#[test]
fn three_runs_make_the_log_that_one_makes() {
    let smooth = staged(true);
    settle(&smooth, 0);
    let late = GRACE_MS + 1;
    // Whoever is in the gap of a run that is in a gap itself.
    for inner in (0..150).step_by(13) {
        each_gap(
            || staged(true),
            |store| run(store, late, 100),
            |store| {
                let third = |store: &dyn Store| {
                    run(store, late + 2 * LEASE, 3);
                    append(store, &entry("lc_6", "b", 6)).unwrap();
                };
                run(&Gap::new(store, inner, &third), late + LEASE, 100);
            },
            |store, at| {
                append(store, &entry("lc_6", "b", 6)).unwrap();
                let when = format!("gap {inner} in gap {at}");
                check_books(store, &names(6), &when);
                let before = everything(store, Filter::All);
                settle(store, late + 3 * LEASE);
                check_settled(store, &before, &names(6), &when);
                assert!(log_bytes(store).starts_with(log_bytes(&smooth).lines().next().unwrap()), "{when}");
            },
        );
    }
}

#[test]
fn an_entry_staged_in_any_gap_of_a_run_is_in_the_log_once() {
    for late in TIMES {
        each_gap(
            || staged(true),
            |store| run(store, late, 100),
            |store| {
                append(store, &entry("lc_6", "b", 6)).unwrap();
                append(store, &entry("lc_2", "a", 2)).unwrap();
            },
            |store, at| {
                append(store, &entry("lc_6", "b", 6)).unwrap();
                let when = format!("gap {at} of {late}");
                check_books(store, &names(6), &when);
                let before = everything(store, Filter::All);
                settle(store, late + LEASE);
                check_settled(store, &before, &names(6), &when);
            },
        );
    }
}

#[test]
fn an_entry_is_in_the_log_once_though_runs_come_in_any_gap_of_its_staging() {
    for times in [[0, 1], [LEASE, GRACE_MS + 1], [GRACE_MS + 1, 2 * GRACE_MS + 2]] {
        each_gap(
            || staged(true),
            |store| assert!(append(store, &entry("lc_6", "b", 6)).is_ok()),
            |store| times.into_iter().for_each(|late| run(store, late, 100)),
            |store, at| {
                let when = format!("{times:?} in gap {at}");
                check_books(store, &names(6), &when);
                let before = everything(store, Filter::All);
                settle(store, 3 * GRACE_MS);
                check_settled(store, &before, &names(6), &when);
            },
        );
    }
}

#[test]
fn who_looks_at_the_clock_and_not_at_the_sequencer_is_in_the_log_once_too() {
    // When runs come, and by how much their clocks are ahead of the writer's.
    for (times, ahead) in [
        (vec![0, 1, 999], 0),
        (vec![0, 999], 18_000),
        (vec![0, 1_001], 0),
        (vec![LEASE, GRACE_MS + 1], 0),
        (vec![GRACE_MS + 1, 2 * GRACE_MS + 2], 0),
    ] {
        let elapsed = Cell::new(0);
        each_gap(
            || {
                elapsed.set(0);
                staged(false)
            },
            |store| assert!(append_timed(store, &common::staged(&entry("lc_6", "b", 6)), || elapsed.get()).is_ok()),
            |store| {
                // The first run began as long before the writer as a run may take; only the second has the other clock.
                for (run_number, late) in times.iter().enumerate() {
                    elapsed.set(*late);
                    let now = if run_number == 0 { NOW.0 - RUN_MS } else { NOW.0 + late + ahead };
                    sequence(store, Millis(now), 100).unwrap();
                }
            },
            |store, at| {
                let when = format!("{times:?} in gap {at}");
                check_books(store, &names(6), &when);
                let before = everything(store, Filter::All);
                settle(store, 3 * GRACE_MS);
                check_settled(store, &before, &names(6), &when);
            },
        );
    }
}

#[test]
fn a_late_writer_and_a_second_run_in_the_same_gap_agree_on_the_hole() {
    let stage: Log<Entry> = families::STAGE.log(&[]);
    for late in TIMES {
        for after in [late, late + LEASE] {
            each_gap(
                || staged(true),
                |store| run(store, late, 100),
                |store| {
                    // As `append` does it: the slot, then a look at what the sequencer makes of it.
                    stage.put(store, 4, &entry("lc_6", "b", 6)).unwrap();
                    run(store, after, 100);
                },
                |store, at| {
                    append(store, &entry("lc_6", "b", 6)).unwrap();
                    let when = format!("{after} in gap {at} of {late}");
                    let before = everything(store, Filter::All);
                    settle(store, late + 2 * LEASE);
                    check_settled(store, &before, &names(6), &when);
                },
            );
        }
    }
}

#[test]
fn who_comes_while_a_run_is_under_way_gets_the_progress_and_writes_nothing() {
    let store = staged(false);
    let second = |store: &dyn Store| {
        let progress = sequence(store, NOW.plus(1), 100).unwrap();
        assert_eq!((progress.size, progress.staged), (1, 4));
    };
    sequence(&Gap::new(&store, 15, &second), NOW.plus(1), 100).unwrap();
    let settled = store.keys();
    let idle = sequence(&store, NOW.plus(2), 100).unwrap();
    assert_eq!((idle.size, idle.staged), (5, 0));
    assert_eq!(store.keys(), settled, "an idle log is only read");
    assert!(!settled.contains(&"sequencer-mark".to_owned()), "the lease is released");
}
