//! Two callers at once: one runs as a whole between any two store operations of the other.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::cell::Cell;

mod common;

use common::{NOW, money, places, seconds, store};
use kv_schemas::{Store, gap::Gap, memory::Memory};
use limits::{Used, charge, close, release, reserve};
use money::Quantity;

const CENT: i64 = 10_000_000;

/// Runs `one` with `other` in every gap, on a fresh store each, until the gaps are used up.
fn check(
    prepare: impl Fn() -> Memory,
    one: impl Fn(&dyn Store) -> bool,
    other: impl Fn(&dyn Store) -> bool,
    holds: impl Fn(&Memory, bool, bool),
) {
    for at in 0..100 {
        let store = prepare();
        let other_did = Cell::new(false);
        let then = |store: &dyn Store| other_did.set(other(store));
        let interrupted = Gap::new(&store, at, &then);
        let one_did = one(&interrupted);
        if !interrupted.reached() {
            assert!(at > 3, "there were gaps to try");
            return;
        }
        holds(&store, one_did, other_did.get());
    }
    panic!("more operations than this test allows");
}

#[test]
fn two_reservations_never_pass_a_cap_together() {
    check(
        || store(r#"{"monthly_cost_usd":"0.50","burst":9}"#, "{}"),
        |store| reserve(store, NOW, "lc_1", &seconds(30)).is_ok(),
        |store| reserve(store, NOW, "lc_2", &seconds(30)).is_ok(),
        |store, one, other| {
            assert!(!(one && other));
            let passed = i64::from(one) + i64::from(other);
            assert_eq!((money(store), places(store)), (passed * 30 * CENT, passed));
        },
    );
}

#[test]
fn two_charges_of_one_permit_come_to_one_decision() {
    let settle = |store: &dyn Store, units: u64| {
        let used = Used::Actual(vec![Quantity::new("seconds", units)]);
        let decided = charge(store, "lc_1", &used).is_ok();
        decided && close(store, "lc_1", 1).is_ok()
    };
    check(
        || {
            let prepared = store("{}", "{}");
            reserve(&prepared, NOW, "lc_1", &seconds(30)).unwrap();
            prepared
        },
        |store| settle(store, 10),
        |store| settle(store, 20),
        |store, one, other| {
            assert!(!(one && other), "both were told that theirs holds");
            let permit = limits::permit("lc_1").get(store).unwrap().unwrap();
            let units = permit.decision().unwrap().0.used.first().unwrap().units;
            assert_eq!(units, if one { 10 } else { 20 }, "the record says what the winner was told");
            assert_eq!((money(store), places(store)), (i64::try_from(units).unwrap() * CENT, 0));
        },
    );
}

#[test]
fn the_same_settlement_twice_at_once_gives_back_once() {
    let settle = |store: &dyn Store| {
        let used = Used::Actual(vec![Quantity::new("seconds", 10)]);
        charge(store, "lc_1", &used).is_ok() && close(store, "lc_1", 1).is_ok()
    };
    check(
        || {
            let prepared = store("{}", "{}");
            reserve(&prepared, NOW, "lc_1", &seconds(30)).unwrap();
            prepared
        },
        settle,
        |store| settle(store),
        |store, one, other| {
            assert!(one || other);
            assert_eq!((money(store), places(store)), (10 * CENT, 0));
        },
    );
}

#[test]
fn a_charge_and_a_release_at_once_are_one_or_the_other() {
    check(
        || {
            let prepared = store("{}", "{}");
            reserve(&prepared, NOW, "lc_1", &seconds(30)).unwrap();
            prepared
        },
        |store| charge(store, "lc_1", &Used::Unknown).is_ok() && close(store, "lc_1", 1).is_ok(),
        |store| release(store, "lc_1").is_ok(),
        |store, charged, released| {
            assert!(charged != released);
            assert_eq!(money(store), if charged { 30 * CENT } else { 0 });
            assert_eq!(places(store), 0);
        },
    );
}
