//! Corrections by what an interaction really used: priced as its own permit was, against all that has been corrected.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use std::cell::Cell;

use calendar::DAY;
use common::{
    NOW,
    correcting::{CENT, Faulty, cents, corrected, entries, world},
    maintain_for, places, seconds, settle, store,
};
use kv_schemas::{Store, expiry, families, gap::Gap, memory::Memory};
use limits::{Amount, Correction, Fault, Holder, Reservation, Used, correct, reserve};
use money::{Nanos, PriceRow, Quantity};

/// So many quantities.
fn of(used: &[(&str, u64)]) -> Correction {
    let used = used.iter().map(|(kind, units)| Quantity::new(kind, *units)).collect();
    Correction { corrects: "lc_1".into(), amount: Amount::Usage(used), reason: "the vendor says so".into() }
}

fn to(units: u64) -> Correction {
    of(&[("seconds", units)])
}

fn by(cents: i64) -> Correction {
    Correction { amount: Amount::Cost(Nanos(cents * CENT)), ..to(0) }
}

/// A chat of 1,000 tokens in and 500 out, a hundredth of a cent each: 15 cents.
fn chat() -> Memory {
    let store = store("{}", "{}");
    let tokens = |input, output| vec![Quantity::new("input_tokens", input), Quantity::new("output_tokens", output)];
    let asked = Reservation { capability: "chat".into(), worst_case: tokens(2_000, 1_000), ..seconds(1) };
    reserve(&store, NOW, "lc_1", &asked).unwrap();
    settle(&store, "lc_1", &Used::Actual(tokens(1_000, 500))).unwrap();
    store
}

#[test]
fn it_comes_to_what_the_use_costs_whatever_was_corrected_before() {
    let check = |steps: &[Correction], total: i64, made: usize| {
        let store = world("{}");
        for (i, step) in steps.iter().enumerate() {
            corrected(&store, &format!("lc_c{i}"), step, None).unwrap();
        }
        assert_eq!((cents(&store), places(&store)), ([total; 3], 0), "{steps:?}");
        assert_eq!(entries(&store).len(), 1 + made, "{steps:?}");
    };
    check(&[to(12)], 12, 1);
    check(&[to(0)], 0, 1);
    check(&[to(45)], 45, 1);
    check(&[to(12), to(20), to(7)], 7, 3);
    check(&[by(-5), to(12)], 12, 2);
    check(&[to(12), by(-5)], 7, 2);
    check(&[to(12), by(3), to(12)], 12, 3);
    check(&[to(30)], 30, 0);
    check(&[to(12), to(12), to(12)], 12, 1);
}

#[test]
fn kinds_that_are_not_named_stay_as_they_are() {
    let check = |steps: &[&[(&str, u64)]], hundredths: i64| {
        let store = chat();
        for (i, step) in steps.iter().enumerate() {
            corrected(&store, &format!("lc_c{i}"), &of(step), None).unwrap();
        }
        assert_eq!(common::money(&store), hundredths * CENT / 100, "{steps:?}");
    };
    check(&[&[("output_tokens", 700)]], 1_700);
    check(&[&[("output_tokens", 700)], &[("input_tokens", 10)]], 710);
    check(&[&[("input_tokens", 10)], &[("output_tokens", 700)], &[("input_tokens", 20)]], 720);
    check(&[&[("input_tokens", 10), ("output_tokens", 1)]], 11);
    check(&[&[("output_tokens", 0)]], 1_000);
}

#[test]
fn it_is_priced_as_the_interaction_was() {
    let store = world("{}");
    families::PRICES.value(&["v"]).set(&store, &vec![PriceRow::new("v", "*", "seconds", "7")]).unwrap();
    corrected(&store, "lc_c", &to(12), None).unwrap();
    assert_eq!(cents(&store), [12; 3]);
}

#[test]
fn its_entry_says_what_was_used() {
    let store = chat();
    corrected(&store, "lc_c", &of(&[("input_tokens", 900), ("output_tokens", 0)]), None).unwrap();
    let entry = entries(&store).pop().unwrap();
    let details =
        [("corrects", "lc_1"), ("reason", "the vendor says so"), ("used", "900 input_tokens, 0 output_tokens")];
    assert_eq!(entry.details, details.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    assert_eq!((entry.units_consumed, entry.cost_nanos), (0, Nanos(-6 * CENT)), "of no units: they were counted");
}

#[test]
fn what_was_used_in_full_for_want_of_numbers_is_put_right() {
    let store = store("{}", "{}");
    reserve(&store, NOW, "lc_1", &Reservation { holder: Holder::Server, ..seconds(40) }).unwrap();
    settle(&store, "lc_1", &Used::Unknown).unwrap();
    corrected(&store, "lc_c", &to(9), None).unwrap();
    assert_eq!(cents(&store), [9; 3]);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let store = world("{}");
    reserve(&store, NOW, "lc_held", &seconds(1)).unwrap();
    corrected(&store, "lc_c", &by(-1), None).unwrap();
    let before = store.dump();
    let check = |asked: Correction, wanted: &str| {
        let found = match correct(&store, NOW, "lc_new", &asked, "req", Some("key")) {
            Err(Fault::Invalid { param, .. }) => param,
            Err(Fault::NotFound) => "not found",
            other => panic!("{asked:?}: {other:?}"),
        };
        assert_eq!(found, wanted, "{asked:?}");
    };
    check(of(&[]), "units");
    check(to(1_000_000_000_001), "units");
    check(to(1_000_001), "units");
    check(of(&[("input_tokens", 1)]), "unit_type");
    check(of(&[("minutes", 1)]), "unit_type");
    check(of(&[("tokens", 1)]), "unit_type");
    check(of(&[("seconds", 1), ("seconds", 2)]), "unit_type");
    check(of(&[("seconds", 1), ("requests", 0)]), "unit_type");
    check(Correction { reason: String::new(), ..to(1) }, "reason");
    check(Correction { corrects: "lc_none".into(), ..to(1) }, "not found");
    check(Correction { corrects: "lc_held".into(), ..to(1) }, "not found");
    check(Correction { corrects: "evt_1".into(), ..to(1) }, "limit_check_id");
    assert_eq!(store.dump(), before);
    // The most there is.
    corrected(&store, "lc_new", &to(1_000_000), None).unwrap();
}

#[test]
fn a_permit_that_is_forgotten_has_no_prices_any_more() {
    let store = world("{}");
    let asked = to(12);
    let first = corrected(&store, "lc_c", &asked, Some("key")).unwrap().unwrap();
    maintain_for(&store, NOW.plus(DAY), 1);
    for hour in 0..24 * 80 {
        expiry::sweep(&store, NOW.hour_number() + hour).unwrap();
    }
    let later = NOW.plus(40 * DAY);
    assert_eq!(limits::permit(&first.id).get(&store), Ok(None));
    assert_eq!(correct(&store, later, "lc_d", &to(11), "req", None), Err(Fault::NotFound));
    // The key is remembered by the log.
    let again = correct(&store, later, "lc_e", &asked, "req", Some("key")).unwrap().unwrap();
    assert_eq!(again.entry(), first.entry());
    let other = correct(&store, later, "lc_f", &to(11), "req", Some("key"));
    assert!(matches!(other, Err(Fault::Conflict { code: "idempotency_key_reused", .. })), "{other:?}");
}

#[test]
fn the_same_key_is_the_same_correction() {
    let store = world("{}");
    let first = corrected(&store, "lc_a", &to(12), Some("key")).unwrap().unwrap();
    corrected(&store, "lc_b", &to(20), Some("another key")).unwrap().unwrap();
    // Though by now it would come to something else.
    let again = corrected(&store, "lc_c", &to(12), Some("key")).unwrap().unwrap();
    assert_eq!((first.id.as_str(), first.entry()), (again.id.as_str(), again.entry()));
    for other in [to(13), by(-18), Correction { reason: "another".into(), ..to(12) }] {
        let outcome = corrected(&store, "lc_d", &other, Some("key"));
        assert!(matches!(outcome, Err(Fault::Conflict { code: "idempotency_key_reused", .. })), "{outcome:?}");
    }
    assert_eq!((cents(&store), entries(&store).len()), ([20; 3], 3));
}

#[test]
fn a_key_whose_attempt_was_refused_can_be_used_again() {
    let store = world("{}");
    // Another one comes in between, at every place where that is noticed.
    let mut refused = 0;
    for at in 0..100 {
        let then = |store: &dyn Store| drop(corrected(store, &format!("lc_b{at}"), &to(100 + u64::from(at)), None));
        let gap = Gap::new(&store, at, &then);
        let outcome = corrected(&gap, "lc_a", &to(12), Some("key"));
        match outcome {
            Err(Fault::Conflict { code: "concurrent_correction", .. }) => refused += 1,
            Ok(Some(_)) => break,
            other => panic!("{at}: {other:?}"),
        }
    }
    let again = corrected(&store, "lc_z", &to(12), Some("key")).unwrap();
    assert!(again.is_some() && refused < 8, "{refused}");
}

/// Both of two at once never count from the same base, whatever order their operations come in. What it has cost then: if
/// only one of them was made, only the other, or both, one after the other.
fn at_once(one: Correction, other: Correction, alone: [i64; 2], both: &[i64]) {
    let mut neither = 0;
    for at in 0..200 {
        let store = world("{}");
        let second = Cell::new(false);
        let then = |store: &dyn Store| second.set(corrected(store, "lc_b", &other, None).is_ok());
        let gap = Gap::new(&store, at, &then);
        let first = corrected(&gap, "lc_a", &one, None);
        if let Err(fault) = &first {
            assert!(matches!(fault, Fault::Conflict { code: "concurrent_correction", .. }), "at {at}: {fault:?}");
        }
        if !gap.reached() {
            assert!(at > 10 && neither < 8, "{neither} of {at}");
            return;
        }
        maintain_for(&store, NOW, 2);
        let allowed = match (first.is_ok(), second.get()) {
            (true, true) => both,
            (true, false) => &alone[..1],
            (false, true) => &alone[1..],
            (false, false) => &[30],
        };
        assert!(allowed.iter().any(|total| cents(&store) == [*total; 3]), "at {at}: {:?}, {allowed:?}", cents(&store));
        neither += usize::from(allowed == [30]);
    }
    panic!("more operations than this test allows");
}

#[test]
fn of_two_at_once_one_counts_from_the_other() {
    at_once(to(12), to(20), [12, 20], &[12, 20]);
    at_once(to(45), to(12), [45, 12], &[45, 12]);
    at_once(to(12), to(12), [12, 12], &[12]);
    at_once(to(12), by(-5), [12, 25], &[12, 7]);
    at_once(by(-5), to(12), [25, 12], &[12, 7]);
    at_once(to(12), by(5), [12, 35], &[12, 17]);
    at_once(by(5), to(12), [35, 12], &[12, 17]);
}

#[test]
fn a_fault_at_any_operation_is_made_good() {
    for (units, key) in [(0, None), (12, Some("key")), (45, None), (45, Some("key")), (30, Some("key"))] {
        for applied in [false, true] {
            let mut completed = false;
            for k in 0..200 {
                let store = world("{}");
                let faulty = Faulty { store: &store, left: Cell::new(k), applied };
                let outcome = corrected(&faulty, "lc_c", &to(units), key);
                let name = format!("{units} {key:?}, fault at {k}, applied: {applied}");
                let [logged, counter, company] = cents(&store);
                assert!(counter >= logged && company >= logged, "{name}: {logged} logged, {counter} counted");
                maintain_for(&store, NOW, 5);
                assert_eq!(limits::open(&store), Ok(Vec::new()), "{name}");
                let made = entries(&store).len() == 2;
                assert_eq!(cents(&store), [if made { i64::try_from(units).unwrap() } else { 30 }; 3], "{name}");
                // Who asks again gets it, once, with the same key too.
                corrected(&store, "lc_again", &to(units), key).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
                assert_eq!((cents(&store), places(&store)), ([i64::try_from(units).unwrap(); 3], 0), "{name}");
                assert_eq!(entries(&store).len(), 1 + usize::from(units != 30), "{name}");
                if outcome.is_ok() {
                    completed = true;
                    break;
                }
            }
            assert!(completed, "a correction takes fewer operations than this test allows");
        }
    }
}
