//! Two sequencers at once, either of them replaced at any operation, and going on late: what is signed is one history, and
//! nobody sees it shrink.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{LEASE_MS, MAX_RUN};
use common::{
    NOW, sequence,
    table::{Act, Plan, play},
    tree::{check_served, check_tree, grow, newest, stage},
    watch::Watch,
};
use kv_schemas::{Store, gap::Gap, memory::Memory};

/// Four entries wait that fill the first tile; `behind` more checkpoints than are kept, so that old ones go.
fn waiting(behind: bool) -> Memory {
    let store = Memory::default();
    let first = if behind { 236 } else { 252 };
    grow(&store, 0, first);
    for size in first + 1..=253 {
        grow(&store, size - 1, size);
    }
    (253..257).for_each(|n| stage(&store, n));
    store
}

fn run(store: &dyn Store, late: u64, limit: u32) {
    sequence(store, NOW.plus(late), limit).unwrap();
}

/// Stages one more and takes the lease.
fn taking_over<'a>(n: u64, late: u64) -> Act<'a> {
    Box::new(move |store: &dyn Store| {
        stage(store, n);
        run(store, late, MAX_RUN);
    })
}

fn running<'a>(limit: u32) -> Act<'a> {
    Box::new(move |store: &dyn Store| run(store, 0, limit))
}

/// Looks again and again: what it finds is whole, and never smaller than before.
fn watching<'a>(times: u32, when: &'a str) -> Act<'a> {
    Box::new(move |store: &dyn Store| {
        let mut before = 0;
        for _ in 0..times {
            let size = newest(store, when).map_or(0, |checkpoint| checkpoint.size);
            assert!(size >= before, "{before} and then {size}, {when}");
            before = size;
        }
    })
}

fn check(watch: &Watch, when: &str) {
    check_served(&watch.memory, when);
    run(watch, 3 * LEASE_MS, MAX_RUN);
    run(watch, 4 * LEASE_MS, MAX_RUN);
    check_tree(&watch.memory, when);
    watch.check_history(when);
}

/// Another takes over before each operation of one, and runs to its end; then the one goes on late.
#[test]
fn one_is_replaced_before_each_of_its_operations() {
    for (behind, limit) in [(true, 100), (false, 100), (false, 2)] {
        let store = waiting(behind);
        for at in 0.. {
            let watch = Watch::of(store.clone());
            let other = |store: &dyn Store| taking_over(257, LEASE_MS)(store);
            let gap = Gap::new(&watch, at, &other);
            run(&gap, 0, limit);
            let when = format!("replaced before {at}, limit {limit}, behind {behind}");
            check(&watch, &when);
            if !gap.reached() {
                assert!(at > 60, "the run does something");
                break;
            }
        }
    }
}

/// As above, but the other is stopped as well: the one goes on late for a while or to its end, and so on.
#[test]
fn both_are_stopped_and_go_on_late() {
    let store = waiting(false);
    // The last: the other has found the state, and has not announced it yet, when the one publishes.
    for (limit, again, stops, step) in [(100, 1, 250, 19), (100, 17, 250, 19), (2, 1_000, 250, 19), (100, 1_000, 30, 1)]
    {
        for first in (1..250).step_by(7) {
            for second in (1..stops).step_by(step) {
                let plan = Plan::Switch([first, second, again].into());
                let when = format!("limit {limit}, after {first}, {second}, {again}");
                let acts = vec![running(limit), taking_over(257, LEASE_MS)];
                check(&play(Watch::of(store.clone()), plan, acts), &when);
            }
        }
    }
}

/// Who runs, how many operations of one are mostly left together, how much the log has behind it.
fn check_random(seed: u64, stay: u64, behind: bool, store: &Memory) {
    let when = format!("seed {seed}, stay {stay}, behind {behind}");
    let acts = vec![
        running(100),
        taking_over(257, LEASE_MS),
        watching(6, &when),
        taking_over(258, 2 * LEASE_MS),
        running(3),
        watching(6, &when),
    ];
    let seed = u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15);
    check(&play(Watch::of(store.clone()), Plan::Random { seed, stay }, acts), &when);
}

#[test]
fn many_at_once_sign_one_history() {
    for behind in [false, true] {
        let store = waiting(behind);
        for seed in 1..=25 {
            for stay in [3, 12, 40, 150] {
                check_random(seed, stay, behind, &store);
            }
        }
    }
}

/// So many checkpoints by others, one by one.
fn growing(store: &dyn Store, checkpoints: u64) {
    for n in 257..257 + checkpoints {
        taking_over(n, LEASE_MS + n)(store);
    }
}

/// Whoever sleeps so long that all it was about to read is pruned takes that for no damage, and harms nothing.
#[test]
fn who_was_replaced_long_ago_finds_no_damage() {
    let store = waiting(true);
    for at in (0..).step_by(2) {
        let watch = Watch::of(store.clone());
        let other = |store: &dyn Store| growing(store, 20);
        let gap = Gap::new(&watch, at, &other);
        run(&gap, 0, 100);
        check(&watch, &format!("asleep before {at}"));
        if !gap.reached() {
            assert!(at > 60, "the run does something");
            break;
        }
    }
}

type Read<'a> = &'a dyn Fn(&dyn Store);

/// Between any two operations of a reader the log grows by so much that all it was about to read is pruned.
#[test]
fn a_reader_is_never_sent_to_what_is_gone_nor_shown_less_than_before() {
    let store = waiting(true);
    // The newest checkpoint is one that the state doesn't know of yet: its run breaks off just after making it.
    let broken = (1..).find_map(|fuel| {
        let store = store.clone();
        store.fail_after(fuel);
        let _ = sequence(&store, NOW, 100);
        store.recover();
        (newest(&store, "broken off").unwrap().size == 257).then_some(store)
    });
    let store = broken.unwrap();
    let growing = |store: &dyn Store| growing(store, 40);
    let tile = tlog::TileId { level: 0, index: 0, width: 255 };
    let edge = tlog::TileId { level: 0, index: 1, width: 1 };
    let bundle = tlog::BundleId { index: 1, width: 1 };
    let reads: [(&str, Read<'_>); 5] = [
        ("checkpoint", &|store| {
            let size = newest(store, "watched").unwrap().size;
            assert!(size == 257 || size == 297, "{size}");
        }),
        ("tile", &|store| assert_eq!(audit::tile(store, tile).unwrap().unwrap().len(), 255)),
        ("edge", &|store| assert_eq!(audit::tile(store, edge).unwrap().unwrap().len(), 1)),
        ("bundle", &|store| assert!(audit::bundle(store, bundle).unwrap().is_some())),
        ("receipt", &|store| {
            let receipt = audit::receipt(store, "lc_256").unwrap().unwrap();
            let item = audit::find(store, "lc_256").unwrap().unwrap();
            let checkpoint = receipt.verify(&item.entry.leaf(), &common::SIGNER.verifier()).unwrap();
            assert!(checkpoint.size >= 257);
        }),
    ];
    for (name, read) in reads {
        for at in 0.. {
            let store = store.clone();
            let gap = Gap::new(&store, at, &growing);
            read(&gap);
            if !gap.reached() {
                assert!(at > 5, "{name} does something");
                break;
            }
        }
    }
}
