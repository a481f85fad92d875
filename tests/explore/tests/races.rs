//! Protocols with a known fault: each must be caught, and the schedule must name the way there.

use explore::{Explore, Status, View};
use kv_schemas::{Store, StoreError, memory::Memory};

const CAP: i64 = 10;

/// The classical race: look first, count later.
fn check_then_increment(store: &dyn Store, amount: i64) -> Result<bool, StoreError> {
    if store.increment("spent", 0)? + amount > CAP {
        return Ok(false);
    }
    store.increment("spent", amount)?;
    Ok(true)
}

/// Count first, look at the sum, take it back.
fn increment_then_check(store: &dyn Store, amount: i64) -> Result<bool, StoreError> {
    if store.increment("spent", amount)? > CAP {
        store.increment("spent", -amount)?;
        return Ok(false);
    }
    Ok(true)
}

type Reserve = fn(&dyn Store, i64) -> Result<bool, StoreError>;

fn reserves(reserve: Reserve, amounts: &[i64]) -> Result<explore::Report, String> {
    let store = Memory::default();
    let mut explore = Explore::new(&store).errors(1);
    for amount in amounts {
        explore = explore.actor(format!("reserve {amount}"), move |store| reserve(store, *amount));
    }
    let amounts = amounts.to_vec();
    let invariant = move |view: &View<'_, _>| {
        let granted = |i: &usize| view.status(*i) == Status::Ended(&Ok(true));
        let sum: i64 = (0..amounts.len()).filter(granted).map(|i| amounts[i]).sum();
        if sum > CAP || view.counter("spent") < sum {
            return Err(format!("granted {sum}, counted {}", view.counter("spent")));
        }
        Ok(())
    };
    explore.always(invariant).try_run()
}

#[test]
fn looking_before_counting_is_caught() {
    let found = reserves(check_then_increment, &[6, 6]).unwrap_err();
    assert!(found.starts_with("granted 12, counted 12"), "{found}");
    // Both look, both count: the shortest schedule has these four operations and no others.
    assert_eq!(found.lines().filter(|line| line.contains("increment spent")).count(), 4, "{found}");
    assert!(reserves(check_then_increment, &[6, 4]).is_ok());
}

#[test]
fn counting_before_looking_holds() {
    for amounts in [&[6, 6][..], &[4, 4, 4], &[1, 2, 3, 4, 5], &[9, 2, 9, 1, 5]] {
        let report = reserves(increment_then_check, amounts).unwrap();
        report.at_least(3usize.pow(amounts.len() as u32), 3);
    }
}

/// Gives back what was held, once, as the token says.
fn give_back(store: &dyn Store, token_first: bool) -> Result<(), StoreError> {
    if !token_first {
        store.increment("held", -1)?;
    }
    if store.increment("token", 1)? == 1 && token_first {
        store.increment("held", -1)?;
    }
    Ok(())
}

#[test]
fn giving_back_before_the_token_is_caught() {
    let check = |token_first: bool| {
        let store = Memory::default();
        store.increment("held", 1).unwrap();
        let mut explore = Explore::new(&store);
        for name in ["caller", "reaper", "late caller"] {
            explore = explore.actor(name, move |store| give_back(store, token_first));
        }
        let explore = explore.always(
            |view: &View<'_, _>| {
                if view.counter("held") < 0 { Err("given back twice".into()) } else { Ok(()) }
            },
        );
        explore.try_run().map(drop)
    };
    assert!(check(false).unwrap_err().starts_with("given back twice"));
    assert_eq!(check(true), Ok(()));
}

#[test]
fn a_lost_increment_taken_for_not_applied_is_caught() {
    let retry = |store: &dyn Store| store.increment("spent", 6).or_else(|_| store.increment("spent", 6)).is_ok();
    let store = Memory::default();
    let explore = Explore::new(&store).errors(1).actor("retries", retry);
    let explore = explore
        .always(|view: &View<'_, bool>| if view.counter("spent") > 6 { Err("counted twice".into()) } else { Ok(()) });
    let found = explore.try_run().unwrap_err();
    assert!(found.contains("error, though applied"), "{found}");
}
