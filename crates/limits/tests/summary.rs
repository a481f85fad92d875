//! What is held in all, as the reaper's walks leave it: whole walks only, whatever they are cut into, and every permit
//! counted once, however often it is moved.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use common::{NOW, maintain, reap_all, seconds, settle, store};
use kv_schemas::{Store, gap::Gap, memory::Memory};
use limits::{Reservation, Used, held_summary, reap, release, reserve};
use money::{Nanos, Quantity};

fn hold(store: &Memory, ids: std::ops::Range<u64>, ttl_ms: u64) {
    let asked = Reservation { counted: true, ttl_ms, ..seconds(2) };
    for id in ids {
        reserve(store, NOW, &format!("lc_{id}"), &asked).unwrap();
    }
}

/// Open permits, what they hold in cents, and permits ever.
fn found(store: &Memory) -> (u64, i64, u64) {
    let summary = held_summary(store).unwrap();
    (summary.open, summary.held.0 / 10_000_000, summary.permits)
}

#[test]
fn ops_1_what_is_held_is_what_the_last_whole_walk_saw() {
    let store = store("{}", "{}");
    assert_eq!((found(&store), held_summary(&store).unwrap().idle), ((0, 0, 0), true));
    hold(&store, 0..300, 600_000);
    assert_eq!(found(&store), (0, 0, 0), "nobody has walked yet");
    assert!(!held_summary(&store).unwrap().idle);
    // A walk over 300 places takes three runs.
    for (run, seen) in [(1, (0, 0)), (2, (0, 0)), (3, (300, 600))] {
        reap(&store, NOW.plus(run), 100).unwrap();
        let (open, held, _) = found(&store);
        assert_eq!((open, held), seen, "after run {run}");
    }
    assert_eq!(held_summary(&store).unwrap().at, NOW.plus(3));
    settle(&store, "lc_0", &Used::Actual(vec![Quantity::new("seconds", 1)])).unwrap();
    release(&store, "lc_299").unwrap();
    reap(&store, NOW.plus(1_000), 100).unwrap();
    assert_eq!(found(&store).0, 300, "half a walk changes nothing");
    reap_all(&store, NOW.plus(1_000), 100).unwrap();
    assert_eq!(found(&store), (298, 596, 300));
    (1..299).for_each(|id| release(&store, &format!("lc_{id}")).unwrap());
    reap_all(&store, NOW.plus(2_000), 100).unwrap();
    assert_eq!((found(&store), held_summary(&store).unwrap().idle), ((0, 0, 300), true));
}

#[test]
fn ops_1_every_permit_counts_once_however_often_it_is_moved() {
    let store = store("{}", "{}");
    hold(&store, 0..3, 86_000_000);
    let mut made = 3;
    for round in 0..12 {
        hold(&store, made..made + 100, 86_000_000);
        (made..made + 100).for_each(|id| release(&store, &format!("lc_{id}")).unwrap());
        made += 100;
        reap_all(&store, NOW.plus(round * 1_000), 100).unwrap();
        assert_eq!(found(&store), (3, 6, made), "round {round}");
    }
    let tail = u64::try_from(store.increment("permit-list/tail", 0).unwrap()).unwrap();
    assert!(tail > made, "some were moved");
}

#[test]
fn ops_1_a_permit_written_late_counts_too() {
    let store = store("{}", "{}");
    let walk = |store: &dyn Store| drop(reap_all(store, NOW, 100).unwrap());
    for at in 0..40 {
        let store = store.clone();
        hold(&store, 1..2, 60_000);
        let gap = Gap::new(&store, at, &walk);
        let asked = Reservation { counted: true, ..seconds(2) };
        reserve(&gap, NOW, "lc_0", &asked).unwrap();
        for second in 1..3 {
            reap_all(&store, NOW.plus(second * 1_000), 100).unwrap();
        }
        assert_eq!(found(&store), (2, 4, 2), "walked before {at}");
    }
}

#[test]
fn ops_1_a_run_that_fails_anywhere_leaves_the_sums_right() {
    for fuel in 0.. {
        let store = store("{}", "{}");
        hold(&store, 0..150, 600_000);
        (100..150).for_each(|id| release(&store, &format!("lc_{id}")).unwrap());
        store.fail_after(fuel);
        let whole = reap_all(&store, NOW, 100).is_ok();
        store.recover();
        // After the lease of the one that failed.
        for second in [31, 32] {
            reap_all(&store, NOW.plus(second * 1_000), 100).unwrap();
        }
        let (open, held, permits) = found(&store);
        assert_eq!((open, held), (100, 200), "failed after {fuel}");
        assert_eq!(permits, 150, "failed after {fuel}");
        if whole {
            assert!(fuel > 300, "the run does something");
            break;
        }
    }
}

#[test]
fn ops_1_what_waits_to_be_settled_says_since_when() {
    let store = store("{}", "{}");
    hold(&store, 0..1, 60_000);
    hold(&store, 1..2, 50_000);
    reap_all(&store, NOW.plus(70_000), 100).unwrap();
    assert_eq!(held_summary(&store).unwrap().overdue_since, Some(NOW.plus(50_000)));
    maintain(&store, NOW.plus(71_000));
    maintain(&store, NOW.plus(72_000));
    let summary = held_summary(&store).unwrap();
    assert_eq!((summary.overdue_since, summary.held), (None, Nanos(0)));
}
