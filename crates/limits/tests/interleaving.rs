//! Two callers at once: one runs as a whole between any two store operations of the other.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::cell::{Cell, RefCell};

mod common;

use common::{NOW, money, places, seconds, store};
use kv_schemas::{Store, StoreError, memory::Memory};
use limits::{Used, charge, close, release, reserve};
use money::Quantity;

const CENT: i64 = 10_000_000;

type Other<'a> = Box<dyn FnOnce(&Memory) + 'a>;

/// Runs `other` once, before the operation number `at`.
struct Interrupted<'a> {
    store: &'a Memory,
    at: u32,
    operations: Cell<u32>,
    other: RefCell<Option<Other<'a>>>,
}

impl Interrupted<'_> {
    fn step(&self) {
        if self.operations.get() == self.at
            && let Some(other) = self.other.borrow_mut().take()
        {
            other(self.store);
        }
        self.operations.set(self.operations.get() + 1);
    }
}

impl Store for Interrupted<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step();
        self.store.get(key)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step();
        self.store.set(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step();
        self.store.delete(key)
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.step();
        self.store.exists(key)
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.step();
        self.store.increment(key, delta)
    }
}

/// Runs `one` with `other` in every gap, on a fresh store each, until the gaps are used up.
fn check(
    prepare: impl Fn() -> Memory,
    one: impl Fn(&dyn Store) -> bool,
    other: impl Fn(&Memory) -> bool,
    holds: impl Fn(&Memory, bool, bool),
) {
    for at in 0..100 {
        let store = prepare();
        let other_did = Cell::new(false);
        let interrupted = Interrupted {
            store: &store,
            at,
            operations: Cell::new(0),
            other: RefCell::new(Some(Box::new(|store| other_did.set(other(store))))),
        };
        let one_did = one(&interrupted);
        let (ran, operations) = (interrupted.other.borrow().is_none(), interrupted.operations.get());
        drop(interrupted);
        if !ran {
            assert!(operations > 3, "there were gaps to try");
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
        let decided = charge(store, NOW, "lc_1", &used).is_ok();
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
        charge(store, NOW, "lc_1", &used).is_ok() && close(store, "lc_1", 1).is_ok()
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
        |store| charge(store, NOW, "lc_1", &Used::Unknown).is_ok() && close(store, "lc_1", 1).is_ok(),
        |store| release(store, "lc_1").is_ok(),
        |store, charged, released| {
            assert!(charged != released);
            assert_eq!(money(store), if charged { 30 * CENT } else { 0 });
            assert_eq!(places(store), 0);
        },
    );
}
