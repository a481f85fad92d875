//! Corrections: what an interaction cost is put right, within bounds, once, and whatever fails on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use std::cell::Cell;

use audit::Entry;
use calendar::{DAY, Millis};
use common::{
    NOW,
    correcting::{self, CENT, Faulty, cents, entries, world},
    maintain_for, places, seconds,
};
use kv_schemas::{Store, expiry, families, gap::Gap, memory::Memory};
use limits::{Amount, Correction, Fault, Permit, close, correct, reserve};
use money::Nanos;

/// By cost there is always something to correct.
fn corrected(store: &dyn Store, id: &str, asked: &Correction, key: Option<&str>) -> Result<Permit, Fault> {
    correcting::corrected(store, id, asked, key).map(|permit| permit.expect("there is something to correct"))
}

fn by(cents: i64, corrects: &str) -> Correction {
    Correction {
        corrects: corrects.into(),
        amount: Amount::Cost(Nanos(cents * CENT)),
        reason: "vendor's credit".into(),
    }
}

#[test]
fn a_correction_counts_in_the_log_and_against_the_cap() {
    let check = |steps: &[i64], total: i64| {
        let store = world("{}");
        for (i, step) in steps.iter().enumerate() {
            corrected(&store, &format!("lc_c{i}"), &by(*step, "lc_1"), None).unwrap();
        }
        assert_eq!((cents(&store), places(&store)), ([total; 3], 0), "{steps:?}");
    };
    check(&[5], 35);
    check(&[-5], 25);
    check(&[-30], 0);
    check(&[-10, -20], 0);
    check(&[-30, 7, -7], 0);
    check(&[20, -50], 0);
    check(&[10_000 * 100], 1_000_030);
}

#[test]
fn its_entry_says_what_it_corrects_and_why() {
    let store = world("{}");
    let permit = corrected(&store, "lc_c", &by(-5, "lc_1"), None).unwrap();
    let log = entries(&store);
    let [first, second] = &log[..] else { panic!("{log:?}") };
    let details = [("corrects", "lc_1"), ("reason", "vendor's credit")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let expected = Entry {
        limit_check_id: "lc_c".into(),
        event_type: "CORRECTION".into(),
        units_consumed: 0,
        cost_nanos: Nanos(-5 * CENT),
        settlement: "correction".into(),
        at_ms: NOW,
        details: details.into(),
        ..first.clone()
    };
    assert!(second.says_the_same(&expected), "{second:?}");
    assert_eq!(permit.request_id, "req_1");
}

#[test]
fn a_month_that_is_over_stays_as_it_was() {
    let store = world("{}");
    let later = NOW.plus(40 * DAY);
    // Its permit and all that belongs to it has been forgotten; the log hasn't.
    maintain_for(&store, NOW.plus(DAY), 1);
    for hour in 0..24 * 80 {
        expiry::sweep(&store, NOW.hour_number() + hour).unwrap();
    }
    assert_eq!(limits::permit("lc_1").get(&store), Ok(None));
    let permit = correct(&store, later, "lc_c", &by(-5, "lc_1"), "req", None).unwrap().unwrap();
    let stage = audit::append(&store, &permit.entry().unwrap().into()).unwrap();
    close(&store, "lc_c", stage).unwrap();
    let spent = |month: &str| families::MONEY.counter(&["tenant", "t", month]).read(&store).unwrap();
    assert_eq!((spent(&NOW.month()), spent(&later.month())), (30 * CENT, -5 * CENT), "a credit may be all there is");
    assert_eq!(cents(&store)[0], 30);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let store = world("{}");
    corrected(&store, "lc_c", &by(-10, "lc_1"), None).unwrap();
    let event = Entry { limit_check_id: "evt_1".into(), event_type: "KEY_CREATED".into(), ..Entry::default() };
    audit::append(&store, &event.into()).unwrap();
    let before = store.dump();
    let check = |asked: Correction, wanted: &str| {
        let found = match correct(&store, NOW, "lc_new", &asked, "req", None) {
            Err(Fault::Invalid { param, .. }) => param,
            Err(Fault::NotFound) => "not found",
            other => panic!("{asked:?}: {other:?}"),
        };
        assert_eq!(found, wanted, "{asked:?}");
    };
    let reason = |reason: String| Correction { reason, ..by(-1, "lc_1") };
    check(by(-1, "lc_none"), "not found");
    check(by(-1, ""), "not found");
    check(by(-1, "evt_1"), "limit_check_id");
    check(by(-1, "evt_none"), "limit_check_id");
    check(by(-1, "lc_c"), "limit_check_id");
    check(by(0, "lc_1"), "cost_usd");
    check(by(-21, "lc_1"), "cost_usd");
    check(by(10_000 * 100 + 1, "lc_1"), "cost_usd");
    check(Correction { amount: Amount::Cost(Nanos(i64::MIN)), ..by(0, "lc_1") }, "cost_usd");
    check(Correction { amount: Amount::Cost(Nanos(i64::MAX)), ..by(0, "lc_1") }, "cost_usd");
    check(reason(String::new()), "reason");
    check(reason("ä".repeat(201)), "reason");
    check(reason("two\nlines".into()), "reason");
    assert_eq!(store.dump(), before);
    corrected(&store, "lc_new", &reason("ä".repeat(200)), None).unwrap();
    for i in 2..100 {
        corrected(&store, &format!("lc_{i}0"), &by(1, "lc_1"), None).unwrap();
    }
    check(by(1, "lc_1"), "limit_check_id");
}

#[test]
fn the_same_key_is_the_same_correction() {
    let store = world("{}");
    let first = corrected(&store, "lc_a", &by(-20, "lc_1"), Some("key")).unwrap();
    let again = corrected(&store, "lc_b", &by(-20, "lc_1"), Some("key")).unwrap();
    assert_eq!((first.id.as_str(), first.entry()), (again.id.as_str(), again.entry()));
    for other in [by(-10, "lc_1"), by(-20, "lc_2"), Correction { reason: "another".into(), ..by(-20, "lc_1") }] {
        let outcome = corrected(&store, "lc_c", &other, Some("key"));
        assert!(matches!(outcome, Err(Fault::Conflict { code: "idempotency_key_reused", .. })), "{outcome:?}");
    }
    corrected(&store, "lc_d", &by(-10, "lc_1"), Some("another key")).unwrap();
    assert_eq!(cents(&store), [0; 3]);
    // Its permit is forgotten, the key is not, nor what it has given back.
    limits::permit(&first.id).delete(&store).unwrap();
    let again = corrected(&store, "lc_e", &by(-20, "lc_1"), Some("key")).unwrap();
    assert_eq!(again.entry(), first.entry());
    assert!(matches!(correct(&store, NOW, "lc_f", &by(-1, "lc_1"), "req", None), Err(Fault::Invalid { .. })));
    assert_eq!((cents(&store), entries(&store).len()), ([0; 3], 3));
}

#[test]
fn a_repeat_waits_for_the_first_request_to_log_it() {
    let store = world("{}");
    let at = |after: u64| correct(&store, NOW.plus(after), "lc_a", &by(-20, "lc_1"), "req", Some("key"));
    let first = at(0).unwrap().unwrap();
    for after in [0, 9_999] {
        assert!(matches!(at(after), Err(Fault::Conflict { code: "in_progress", .. })), "after {after} ms");
    }
    // It has crashed: this one goes on.
    assert_eq!(at(10_000).unwrap().unwrap().entry(), first.entry());
}

/// Both of two corrections at once never give back more than there is, whatever order their operations come in.
#[test]
fn two_corrections_at_once_never_go_below_zero_together() {
    let mut both_refused = 0;
    for at in 0..100 {
        let store = world("{}");
        let other = Cell::new(false);
        let then = |store: &dyn Store| other.set(corrected(store, "lc_b", &by(-20, "lc_1"), None).is_ok());
        let gap = Gap::new(&store, at, &then);
        let one = corrected(&gap, "lc_a", &by(-20, "lc_1"), None).is_ok();
        if !gap.reached() {
            assert!(at > 10 && both_refused < 8, "{both_refused} of {at}");
            return;
        }
        assert!(!(one && other.get()), "at {at}");
        both_refused += usize::from(!one && !other.get());
        maintain_for(&store, NOW, 2);
        let left = if one || other.get() { 10 } else { 30 };
        assert_eq!(cents(&store), [left; 3], "at {at}");
    }
    panic!("more operations than this test allows");
}

#[test]
fn a_fault_at_any_operation_is_made_good() {
    for (cost, key) in [(-30, None), (-30, Some("key")), (12, None), (12, Some("key"))] {
        for applied in [false, true] {
            let mut completed = false;
            for k in 0..200 {
                let store = world("{}");
                let asked = by(cost, "lc_1");
                let faulty = Faulty { store: &store, left: Cell::new(k), applied };
                let outcome = corrected(&faulty, "lc_c", &asked, key);
                let name = format!("{cost} {key:?}, fault at {k}, applied: {applied}");
                let [logged, counter, company] = cents(&store);
                assert!(counter >= logged && company >= logged, "{name}: {logged} logged, {counter} counted");
                maintain_for(&store, NOW, 5);
                finally(&store, &name, &asked, key);
                if outcome.is_ok() {
                    completed = true;
                    break;
                }
            }
            assert!(completed, "a correction takes fewer operations than this test allows");
        }
    }
}

/// The books are exact; and the operator who tries again gets the correction, once.
fn finally(store: &Memory, name: &str, asked: &Correction, key: Option<&str>) {
    let Amount::Cost(Nanos(cost)) = asked.amount else { panic!("{name}: {asked:?}") };
    let cost = cost / CENT;
    let made = i64::from(entries(store).len() == 2);
    assert_eq!(limits::open(store), Ok(Vec::new()), "{name}");
    assert_eq!((cents(store), places(store)), ([30 + made * cost; 3], 0), "{name}");
    let again = match corrected(store, "lc_again", asked, key) {
        // With a key there is one; without one, another is made if there is room.
        Err(Fault::Conflict { code: "attempt_lost", .. }) => corrected(store, "lc_new", asked, Some("new key")),
        other => other,
    };
    let total = match again {
        Ok(_) if key.is_none() => 30 + (made + 1) * cost,
        Ok(_) => 30 + cost,
        Err(Fault::Invalid { param: "cost_usd", .. }) if made == 1 && key.is_none() && cost < 0 => 30 + cost,
        Err(fault) => panic!("{name}: {fault:?}"),
    };
    assert_eq!(cents(store), [total; 3], "{name}");
}

#[test]
fn the_reaper_ends_what_was_decided_as_its_caller_would_have() {
    let store = world("{}");
    let decided = correct(&store, NOW, "lc_c", &by(-5, "lc_1"), "req", None).unwrap().unwrap();
    assert_eq!(cents(&store), [30; 3], "nothing is given back before the log says so");
    assert_eq!(maintain_for(&store, NOW.plus(1), 2), ["lc_c"]);
    let log = entries(&store);
    assert!(log[1].says_the_same(&Entry { personal: log[1].personal.clone(), ..decided.entry().unwrap() }));
    assert_eq!(cents(&store), [25; 3]);
    assert!(limits::permit("lc_c").get(&store).unwrap().unwrap().state.is_final());
}

#[test]
fn the_cap_goes_by_corrections() {
    let passes = |store: &Memory, units| reserve(store, NOW, "lc_2", &seconds(units)).is_ok();
    let check = |cents: i64, most: u64| {
        let store = || {
            let store = world(r#"{"monthly_cost_usd":"1.00"}"#);
            corrected(&store, "lc_c", &by(cents, "lc_1"), None).unwrap();
            store
        };
        assert!(passes(&store(), most) && !passes(&store(), most + 1), "{cents}");
    };
    check(20, 50);
    check(-20, 90);
    let store = world(r#"{"monthly_cost_usd":"1.00"}"#);
    corrected(&store, "lc_c", &by(500, "lc_1"), None).unwrap();
    assert!(!passes(&store, 1), "above the cap, as the log says");
}

#[test]
fn permits_of_before_are_still_read() {
    let store = world("{}");
    let permit = limits::permit("lc_1").get(&store).unwrap().unwrap();
    let bytes = serde_json::to_string(&permit).unwrap();
    assert!(!bytes.contains("correction"), "{bytes}");
    assert_eq!(permit.created_at, Millis(NOW.0));
}
