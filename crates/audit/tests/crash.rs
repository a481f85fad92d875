//! The fault matrix of the log: the store fails at every single operation, the work is resumed, and the log is the one
//! that a run without faults gives.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Entry, Filter, GRACE_MS, Scope};
use calendar::Millis;
use common::{
    NOW, append,
    books::check_settled_total,
    entry, everything, ids, month, picture, sequence,
    tree::{check_served, check_tree},
};
use kv_schemas::{Log, Store, families, gap::Gap, memory::Memory};

fn entries() -> Vec<Entry> {
    let mut list: Vec<Entry> = (1..=5).map(|n| entry(&format!("lc_{n}"), ["a", "b"][n % 2], n as i64)).collect();
    list[3].at_ms = NOW.plus(2_000); // the next month
    list
}

/// A stage with entries, a repeat, a hole (2 slots) and an entry behind it.
fn staged() -> Memory {
    let (store, list) = (Memory::default(), entries());
    for entry in &list[..3] {
        append(&store, entry).unwrap();
    }
    // A repeat whose first `staged-at` was lost.
    stage().append(&store, &list[1]).unwrap();
    store.increment("stage/tail", 2).unwrap();
    for entry in &list[3..] {
        append(&store, entry).unwrap();
    }
    store
}

fn stage() -> Log<Entry> {
    families::STAGE.log(&[])
}

/// Runs the sequencer to the end: before the hole, at it, and after its grace period.
fn finish(store: &dyn Store) {
    for late in [0, 1, GRACE_MS + 2, 2 * GRACE_MS + 4, 2 * GRACE_MS + 5] {
        sequence(store, NOW.plus(late), 100).unwrap();
    }
}

#[test]
fn the_log_without_faults() {
    let store = staged();
    let progress = sequence(&store, NOW, 100).unwrap();
    assert_eq!((progress.size, progress.staged), (3, 4), "nothing behind a young hole is taken");
    let progress = sequence(&store, NOW.plus(GRACE_MS), 100).unwrap();
    assert_eq!((progress.size, progress.staged), (3, 4), "the grace period is not over yet");
    let progress = sequence(&store, NOW.plus(GRACE_MS + 1), 100).unwrap();
    assert_eq!((progress.size, progress.staged), (5, 0), "both holes are passed over together");
    assert_eq!(ids(&everything(&store, Filter::All)), "lc_1 lc_2 lc_3 lc_4 lc_5");
    assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 2);
    assert_eq!(month(&store, Scope::Tenant, "b").settled_nanos, 1 + 3 + 5);
    assert_eq!(month(&store, Scope::Company, "acme").settled_nanos, 1 + 2 + 3 + 5);
    finish(&store);
    let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("stage/")).collect();
    assert_eq!(left, ["stage/tail"], "slots that are dealt with are removed");
}

#[test]
fn a_run_that_fails_anywhere_is_resumed_to_the_same_log() {
    let smooth = staged();
    finish(&smooth);
    // Every operation of a run before the hole and of a run that passes over it, with small and large batches.
    for (first, limit) in [(0, 100), (0, 2), (GRACE_MS + 1, 100), (GRACE_MS + 1, 3)] {
        for fuel in 0.. {
            let store = staged();
            if first > 0 {
                sequence(&store, NOW, 100).unwrap();
            }
            store.fail_after(fuel);
            let whole = sequence(&store, NOW.plus(first), limit).is_ok();
            store.recover();
            // Readers are right also between crash and repeat.
            check_readers(&store, fuel);
            finish(&store);
            assert_eq!(picture(&store), picture(&smooth), "failed after {fuel} operations");
            check_tree(&store, &format!("failed after {fuel} operations"));
            check_settled_total(&store, &everything(&store, Filter::All), &format!("failed after {fuel} operations"));
            if whole {
                assert!(fuel > 10, "the run does something");
                break;
            }
        }
    }
}

#[test]
fn two_crashes_in_a_row_change_nothing_either() {
    let smooth = staged();
    finish(&smooth);
    for first in 0..60 {
        for second in (0..60).step_by(3) {
            let store = staged();
            store.fail_after(first);
            let _ = sequence(&store, NOW, 100);
            store.fail_after(second);
            let _ = sequence(&store, NOW.plus(GRACE_MS + 1), 100);
            store.recover();
            check_readers(&store, first);
            finish(&store);
            let when = format!("failed after {first}, then after {second} operations");
            assert_eq!(picture(&store), picture(&smooth), "{when}");
            check_tree(&store, &when);
            check_settled_total(&store, &everything(&store, Filter::All), &when);
        }
    }
}

fn check_readers(store: &Memory, fuel: u32) {
    check_served(store, &format!("after {fuel} operations"));
    assert_eq!(ids(&everything(store, Filter::All)), "lc_1 lc_2 lc_3 lc_4 lc_5", "after {fuel} operations");
    let tenant = |name: &str| ids(&everything(store, Filter::Tenant(name.into())));
    assert_eq!((tenant("a").as_str(), tenant("b").as_str()), ("lc_2 lc_4", "lc_1 lc_3 lc_5"), "after {fuel}");
    let company = month(store, Scope::Company, "acme");
    assert_eq!((company.entries, company.settled_nanos), (4, 11), "after {fuel} operations");
    assert_eq!(month(store, Scope::TenantDay, "b").units("seconds"), 6, "after {fuel} operations");
}

#[test]
fn an_append_that_fails_anywhere_is_repeated_to_one_entry() {
    for fuel in 0.. {
        let store = Memory::default();
        store.fail_after(fuel);
        let whole = append(&store, &entry("lc_1", "a", 7)).is_ok();
        store.recover();
        let index = append(&store, &entry("lc_1", "a", 7)).unwrap();
        assert_eq!(append(&store, &entry("lc_1", "a", 7)), Ok(index), "idempotent");
        assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 7, "staged entries count once");
        finish(&store);
        assert_eq!(ids(&everything(&store, Filter::All)), "lc_1", "failed after {fuel} operations");
        assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 7);
        if whole {
            break;
        }
    }
}

/// The writer sleeps past the grace period, before any one of its operations.
#[test]
fn a_writer_that_sleeps_anywhere_still_has_one_entry() {
    for step in 0..8 {
        let store = Memory::default();
        finish(&store);
        let sleep = |store: &dyn Store| finish(store);
        let slow = Gap::new(&store, step, &sleep);
        append(&slow, &entry("lc_late", "a", 4)).unwrap();
        assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 4, "counts at once");
        finish(&store);
        assert_eq!(ids(&everything(&store, Filter::All)), "lc_late", "asleep before step {step}");
        assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 4);
        let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("stage/")).collect();
        assert_eq!(left, ["stage/tail"]);
    }
}

fn next_stage(store: &Memory) -> u64 {
    let keys = store.keys();
    let newest = keys.iter().filter_map(|key| key.strip_prefix("sequencer/")?.parse::<u64>().ok()).max().unwrap();
    let state = store.get(&format!("sequencer/{newest}")).unwrap().unwrap();
    serde_json::from_slice::<serde_json::Value>(&state).unwrap()["next_stage"].as_u64().unwrap()
}

/// The writer wakes before any one operation of the run that passes over its slot.
#[test]
fn a_slot_written_while_it_is_passed_over_is_not_lost() {
    let late = entry("lc_late", "a", 4);
    for step in 0..120 {
        let store = Memory::default();
        store.increment("stage/tail", 1).unwrap();
        append(&store, &entry("lc_1", "a", 1)).unwrap();
        sequence(&store, NOW, 100).unwrap();
        let wake = |_: &dyn Store| {
            stage().put(&store, 1, &late).unwrap();
            // What `append` does after writing the slot.
            if next_stage(&store) > 1 {
                append(&store, &late).unwrap();
            }
        };
        let passing = Gap::new(&store, step, &wake);
        sequence(&passing, NOW.plus(GRACE_MS + 1), 100).unwrap();
        if !passing.reached() {
            assert!(step > 10, "the run does something");
            break;
        }
        finish_from(&store, NOW.plus(GRACE_MS + 2));
        let mut list: Vec<String> =
            everything(&store, Filter::All).into_iter().map(|i| i.entry.limit_check_id).collect();
        list.sort();
        assert_eq!(list, ["lc_1", "lc_late"], "written before step {step}");
        assert_eq!(month(&store, Scope::Tenant, "a").settled_nanos, 5);
    }
}

/// The writer dies right after its write, and didn't see that it was passed over: the next run looks once more.
#[test]
fn a_slot_written_just_after_it_was_passed_over_is_staged_again() {
    let store = Memory::default();
    store.increment("stage/tail", 1).unwrap();
    sequence(&store, NOW, 100).unwrap();
    let write = |store: &dyn Store| stage().put(store, 1, &entry("lc_late", "a", 4)).unwrap();
    for step in 0..120 {
        let store = store.clone();
        let passing = Gap::new(&store, step, &write);
        sequence(&passing, NOW.plus(GRACE_MS + 1), 100).unwrap();
        if passing.reached() {
            finish_from(&store, NOW.plus(GRACE_MS + 2));
            assert_eq!(ids(&everything(&store, Filter::All)), "lc_late", "written before step {step}");
        }
    }
}

fn finish_from(store: &dyn Store, now: Millis) {
    for late in [0, 1, GRACE_MS + 2, GRACE_MS + 3] {
        sequence(store, now.plus(late), 100).unwrap();
    }
}
