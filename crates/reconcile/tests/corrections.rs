//! Corrections reconcile: upwards and downwards, under way, logged, closed, and forgotten.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod story;

use calendar::{DAY, Millis};
use kv_schemas::memory::Memory;
use limits::{Amount, Correction, close, correct, permit};
use money::Nanos;
use reconcile::Severity;
use story::{NOW, money_of, report, story};

const CENT: i64 = 10_000_000;

/// How far a correction gets.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Step {
    Decided,
    Logged,
    Closed,
    Forgotten,
}

fn made(store: &Memory, now: Millis, id: &str, cents: i64, step: Step) {
    let asked = Correction {
        corrects: "lc_exact".into(),
        amount: Amount::Cost(Nanos(cents * CENT)),
        reason: "a credit".into(),
    };
    let decided = correct(store, now, id, &asked, "req", None).unwrap().unwrap();
    if step >= Step::Logged {
        let stage = audit::append(store, &decided.entry().unwrap().into()).unwrap();
        if step >= Step::Closed {
            close(store, id, stage).unwrap();
        }
    }
    if step == Step::Forgotten {
        permit(id).delete(store).unwrap();
    }
}

const STEPS: [Step; 4] = [Step::Decided, Step::Logged, Step::Closed, Step::Forgotten];

#[test]
fn a_correction_reconciles_at_every_step() {
    for step in STEPS {
        for cents in [3, -3, -12] {
            let store = story();
            made(&store, NOW, "lc_c", cents, step);
            let report = report(&store);
            assert_eq!(report.findings, [], "{step:?} {cents}: {report:#?}");
            let logged = if step >= Step::Logged { cents * CENT } else { 0 };
            assert_eq!(report.counts.settled, Nanos(696_000_000 + logged), "{step:?} {cents}");
        }
    }
}

#[test]
fn what_a_correction_adds_crosses_no_cap() {
    for step in STEPS {
        let store = story();
        made(&store, NOW, "lc_c", 2_500, step);
        let report = report(&store);
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.severity, finding.what)).collect();
        // The tenant's month and its company's.
        assert_eq!(found, [(Severity::Note, "overrun"); 2], "{step:?}: {report:#?}");
    }
}

#[test]
fn a_month_may_give_back_more_than_it_spends() {
    let store = story();
    let later = NOW.plus(40 * DAY);
    made(&store, later, "lc_c", -3, Step::Closed);
    assert!(report(&store).is_clean(), "{:#?}", report(&store));
    let counter = kv_schemas::families::MONEY.counter(&["tenant", "t", &later.month()]);
    assert_eq!(counter.read(&store), Ok(-3 * CENT));
    counter.add(&store, -1).unwrap();
    let found: Vec<_> = report(&store).of(Severity::Difference).map(|finding| finding.what).collect();
    assert_eq!(found, ["counter_below", "negative_counter"]);
}

#[test]
fn what_is_wrong_with_a_correction_is_named() {
    let check = |what: &str, corrupt: &dyn Fn(&Memory)| {
        let store = story();
        made(&store, NOW, "lc_c", -3, Step::Closed);
        corrupt(&store);
        let report = report(&store);
        let found: Vec<_> = report.of(Severity::Difference).map(|finding| finding.what).collect();
        assert!(found.contains(&what), "{found:?}");
    };
    let change = |store: &Memory, change: &dyn Fn(&mut limits::Permit)| {
        let mut record = permit("lc_c").get(store).unwrap().unwrap();
        change(&mut record);
        permit("lc_c").set(store, &record).unwrap();
    };
    check("correction", &|store| {
        change(store, &|record| record.correction.as_mut().unwrap().reason = "another".into());
    });
    check("event", &|store| change(store, &|record| record.correction = None));
    check("counter_above", &|store| drop(money_of("tenant", "t").add(store, 1)));
    // The log gave back what the counter didn't.
    check("counter_above", &|store| drop(money_of("tenant", "t").add(store, 3 * CENT)));
}
