//! A crash at any operation of a permit's life is no difference: what it leaves is said to wait, or to be in motion, and
//! once the reaper has been there the books are clean.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

#[path = "../../limits/tests/common/mod.rs"]
mod common;

use calendar::Millis;
use common::{NOW, SIGNER, maintain_for, seconds, settle, store};
use kv_schemas::{Store, memory::Memory};
use limits::{Holder, Reservation, Used, release, reserve};
use money::Quantity;
use reconcile::{Report, Severity};

fn report(store: &Memory, now: Millis) -> Report {
    reconcile::check(store, now, store.keys().into_iter()).unwrap()
}

fn used(units: u64) -> Used {
    Used::Actual(vec![Quantity::new("seconds", units)])
}

fn check(name: &str, life: impl Fn(&dyn Store)) -> usize {
    check_after(name, |_| {}, life)
}

/// Runs `life` with a crash after every number of operations; gives how many crashes left something that waits.
fn check_after(name: &str, prepare: impl Fn(&Memory), life: impl Fn(&dyn Store)) -> usize {
    let mut waited = 0;
    for operations in 0.. {
        assert!(operations < 600, "{name} doesn't end");
        let store = store(r#"{"monthly_cost_usd":"5.00","burst":2}"#, r#"{"monthly_cost_usd":"9.00","burst":3}"#);
        reserve(&store, NOW, "lc_before", &seconds(30)).unwrap();
        settle(&store, "lc_before", &used(12)).unwrap();
        reserve(&store, NOW, "lc_beside", &Reservation { ttl_ms: 3_600_000, ..seconds(9) }).unwrap();
        prepare(&store);
        store.fail_after(operations);
        life(&store);
        let survived = Store::exists(&store, "any").is_ok();
        store.recover();

        let crashed = report(&store, NOW.plus(1_000));
        assert!(crashed.is_clean(), "{name}, {operations} operations: {:#?}", crashed.findings);
        waited += usize::from(!crashed.findings.is_empty());

        // The reaper may be in the middle of it too.
        maintain_for(&store, NOW.plus(61_000), 1);
        let between = report(&store, NOW.plus(121_000));
        assert!(between.is_clean(), "{name}, {operations} operations, then a minute: {:#?}", between.findings);
        maintain_for(&store, NOW.plus(121_000), 4);
        audit::sequence(&store, NOW.plus(400_000), 100, &SIGNER).unwrap();
        let after = report(&store, NOW.plus(400_000));
        assert_eq!(after.findings, [], "{name}, {operations} operations, then the reaper");
        assert_eq!(after.counts.open_permits, 1, "{name}, {operations} operations");
        if survived {
            return waited;
        }
    }
    waited
}

#[test]
fn a_crash_at_any_operation_is_no_difference() {
    let spent = |units: u64| {
        move |store: &dyn Store| {
            let _crashed = reserve(store, NOW, "lc_1", &seconds(30));
            let _crashed = settle(store, "lc_1", &used(units));
            let _crashed = audit::sequence(store, NOW, 100, &SIGNER);
        }
    };
    assert!(check("settled below the reservation", spent(12)) > 3);
    assert!(check("settled with nothing used", spent(0)) > 3);
    assert!(check("settled as reserved", spent(30)) > 3);
    assert!(
        check("released", |store| {
            let _crashed = reserve(store, NOW, "lc_1", &seconds(30));
            let _crashed = release(store, "lc_1");
        }) > 6
    );
    assert!(
        check("denied", |store| {
            let _crashed = reserve(store, NOW, "lc_1", &seconds(470));
        }) > 3
    );
    check("never resolved", |store| {
        let _crashed = reserve(store, NOW, "lc_1", &seconds(30));
    });
    check("never resolved, a page's", |store| {
        let _crashed = reserve(store, NOW, "lc_1", &Reservation { holder: Holder::Page, ..seconds(30) });
    });
    check("keyed", |store| {
        let keyed = Reservation { idempotency_key: Some("k".into()), ..seconds(30) };
        let _crashed = reserve(store, NOW, "lc_1", &keyed);
    });
    check("a lease", |store| {
        let _crashed = reserve(store, NOW, "lc_1", &Reservation { worst_case: Vec::new(), ..seconds(0) });
        let _crashed = release(store, "lc_1");
    });
}

#[test]
fn a_crash_in_an_overrun_is_no_difference() {
    check("settled above the reservation", |store| {
        let _crashed = reserve(store, NOW, "lc_1", &seconds(30));
        let _crashed = settle(store, "lc_1", &used(45));
        let _crashed = audit::sequence(store, NOW, 100, &SIGNER);
    });
}

/// Of kinds of tokens and of sessions the log has no sums, so the reaper can't count those anew.
#[test]
fn what_the_log_can_not_tell_waits_after_the_reaper_too() {
    let tokens = vec![Quantity::new("input_tokens", 100), Quantity::new("output_tokens", 50)];
    let chat =
        Reservation { capability: "chat".into(), session: Some("ses_1".into()), worst_case: tokens, ..seconds(1) };
    let used = Used::Actual(vec![Quantity::new("input_tokens", 7), Quantity::new("output_tokens", 9)]);
    let mut waited = 0;
    for operations in 0..60 {
        let store = store(r#"{"session_cost_usd":"5.00","session_units":{"tokens":900}}"#, "{}");
        store.fail_after(operations);
        let _crashed = reserve(&store, NOW, "lc_1", &chat);
        let _crashed = settle(&store, "lc_1", &used);
        store.recover();
        let crashed = report(&store, NOW.plus(1_000));
        assert!(crashed.is_clean(), "{operations} operations: {:#?}", crashed.findings);
        maintain_for(&store, NOW.plus(61_000), 4);
        let after = report(&store, NOW.plus(400_000));
        for finding in &after.findings {
            let can_not_tell = finding.place.contains("_tokens") || finding.place.starts_with("session ");
            assert!(can_not_tell && finding.severity == Severity::Waiting, "{operations} operations: {finding:?}");
        }
        waited += usize::from(!after.findings.is_empty());
    }
    assert!(waited > 5, "{waited}");
}

/// What a first crash left (after so many operations of reserving, charging, and closing or releasing), the reaper finds,
/// and crashes over in turn.
#[test]
fn a_crash_of_the_reaper_is_no_difference() {
    let asked = || Reservation { ttl_ms: 5_000, ..seconds(30) };
    for (operations, settles) in [(12, true), (22, true), (24, true), (22, false), (40, true)] {
        let prepare = |store: &Memory| {
            store.fail_after(operations);
            let _crashed = reserve(store, NOW, "lc_1", &asked());
            let _crashed = if settles { settle(store, "lc_1", &used(12)).map(drop) } else { release(store, "lc_1") };
            store.recover();
        };
        check_after(&format!("reaped after {operations}, {settles}"), prepare, |store| {
            for step in 0..5 {
                for id in
                    limits::reap(store, NOW.plus(12_000 * step), 10).map_or_else(|_| vec![], |reaped| reaped.overdue)
                {
                    let _crashed = settle(store, &id, &Used::Unknown);
                }
            }
        });
    }
}

#[test]
fn what_waits_is_named() {
    let store = store("{}", "{}");
    store.fail_after(12);
    reserve(&store, NOW, "lc_1", &seconds(30)).unwrap_err();
    store.recover();
    let moving = report(&store, NOW);
    assert!(!moving.findings.is_empty());
    for finding in &moving.findings {
        assert_eq!((finding.severity, finding.what), (Severity::Note, "in_motion"), "{finding:?}");
        assert!(finding.sentence.ends_with("in the middle of a change: permit lc_1."), "{finding:?}");
    }
    limits::reap(&store, NOW.plus(5_000), 10).unwrap();
    let waiting = report(&store, NOW.plus(6_000));
    assert!(waiting.is_clean() && !waiting.findings.is_empty());
    for finding in &waiting.findings {
        assert_eq!((finding.severity, finding.what), (Severity::Waiting, "over_reserved"), "{finding:?}");
        assert!(finding.sentence.contains("until the reaper counts anew: permit lc_1."), "{finding:?}");
    }
}
