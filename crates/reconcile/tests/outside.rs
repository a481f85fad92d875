//! What is seen over HTTP, on a gate that moves on between the questions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use reconcile::{
    Report, Severity,
    outside::{Outside, Sight},
};
use serde_json::{Value as Json, from_value, json};

/// Tenant `t` of company `c`, with so much settled (in cents) and held.
fn usage(settled: &str, held: &str, remaining: &str) -> Json {
    let window = |scope: &str| {
        json!({"scope": scope, "window": "month", "period": "2026-11", "unit": "usd",
            "cap": "1.00", "settled": settled, "held": held, "remaining": remaining})
    };
    json!({"tenant_id": "t", "company": "c", "at": "2026-11-20T09:00:00.000Z",
        "windows": [window("tenant"), window("company")], "open": {"cap": null, "held": 0}, "by_capability": {}})
}

fn entry(id: &str, seq: Option<u64>, nanos: i64) -> Json {
    json!({"tenant_id": "t", "event_type": "TWIN_INTERACTION", "limit_check_id": id, "seq": seq, "at": "2026-11-20T09:00:00.000Z", "cost_nanos": nanos,
        "units_consumed": 1, "unit_type": "seconds", "settlement": "exact", "cost_amount": 0.3})
}

fn outside(before: Json, entries: &[Json], after: Json) -> Report {
    let tenants = [from_value(json!({"id": "t", "company": "c", "display_name": "T"})).unwrap()];
    let mut outside = Outside::new(Sight::Whole, &tenants, &[from_value(before).unwrap()], None);
    for entry in entries {
        outside.view(entry);
    }
    outside.finish(&[from_value(after).unwrap()])
}

#[track_caller]
fn check(before: Json, entries: &[Json], after: Json, found: &[(Severity, &str)], words: &str) {
    let report = outside(before, entries, after);
    let mut kinds: Vec<_> = report.findings.iter().map(|finding| (finding.severity, finding.what)).collect();
    kinds.dedup();
    assert_eq!(kinds, found, "{report:#?}");
    let mut sentences = report.findings.iter().map(|finding| finding.sentence.as_str());
    assert!(words.is_empty() || sentences.any(|sentence| sentence.contains(words)), "{report:#?}");
}

#[test]
fn sums_of_entries_lie_between_two_looks_at_usage() {
    let two = [entry("lc_1", Some(0), 300_000_000), entry("lc_2", None, 200_000_000)];
    let still = || usage("0.50", "0.10", "0.40");
    check(still(), &two, still(), &[], "");
    check(usage("0.30", "0.30", "0.40"), &two, usage("0.70", "0.00", "0.30"), &[], "");
    let differs = [(Severity::Difference, "sum_differs")];
    let words = "tenant t, 2026-11, money: usage shows 0.50 USD as settled, but the entries come to 0.30 USD.";
    check(still(), &two[..1], still(), &differs, words);
    let words = "usage shows 0.30 USD to 0.40 USD as settled";
    check(usage("0.30", "0.30", "0.40"), &two, usage("0.40", "0.20", "0.40"), &differs, words);
}

#[test]
fn what_is_wrong_with_entries_or_amounts_is_named() {
    let one = || entry("lc_1", Some(0), 500_000_000);
    let still = || usage("0.50", "0.10", "0.40");
    let difference = |what| (Severity::Difference, what);
    let twice = [entry("lc_1", Some(0), 250_000_000), entry("lc_1", Some(1), 250_000_000)];
    check(still(), &twice, still(), &[difference("entry_twice")], "Permit lc_1 has two entries in the log.");
    let same = [entry("lc_1", Some(0), 250_000_000), entry("lc_2", Some(0), 250_000_000)];
    check(still(), &same, still(), &[difference("number_twice")], "Two entries are number 0");
    let gap = [entry("lc_1", Some(0), 250_000_000), entry("lc_2", Some(3), 250_000_000)];
    check(still(), &gap, still(), &[difference("gap")], "Numbers 1 to 2 of the log: there is no entry.");
    let below = || usage("0.50", "0.00", "0.60");
    check(below(), &[one()], below(), &[difference("counter_below")], "0.60 USD remain although only 0.50 USD can");
    let negative = || usage("0.50", "-0.10", "0.40");
    check(negative(), &[one()], negative(), &[difference("negative")], "less than nothing");
}

#[test]
fn above_the_cap_is_said_but_what_was_the_cap_then_is_not_known() {
    let above = || usage("1.20", "0.00", "0.00");
    let mut one = entry("lc_1", Some(0), 1_200_000_000);
    check(above(), &[one.clone()], above(), &[(Severity::Waiting, "above_cap")], "the cap was lowered, or crossed");
    one["settlement"] = "overrun".into();
    check(above(), &[one], above(), &[(Severity::Note, "overrun")], "above the cap of 1.00 USD");
}

#[test]
fn entries_of_tenants_that_are_gone_leave_their_companies_unchecked() {
    let mut gone = entry("lc_2", Some(1), 100_000_000);
    gone["tenant_id"] = "gone".into();
    let entries = [entry("lc_1", Some(0), 500_000_000), gone];
    let report = outside(usage("0.50", "0.10", "0.40"), &entries, usage("0.50", "0.10", "0.40"));
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.counts.windows, report.counts.not_checkable), (1, 1));
}

#[test]
fn corrections_may_be_negative_and_nothing_else() {
    let correction = |nanos: i64| {
        let mut entry = entry("lc_c", Some(1), nanos);
        entry["event_type"] = "CORRECTION".into();
        entry["settlement"] = "correction".into();
        entry
    };
    let one = || entry("lc_1", Some(0), 300_000_000);
    let still = || usage("-0.20", "0.10", "1.10");
    check(still(), &[one(), correction(-500_000_000)], still(), &[], "");
    let report = outside(still(), &[one(), entry("lc_2", Some(1), -500_000_000)], still());
    assert!(report.findings.iter().any(|finding| finding.what == "negative_cost"), "{report:#?}");
    let report = outside(still(), &[entry("lc_1", Some(0), -200_000_000)], still());
    assert!(report.findings.iter().any(|finding| finding.what == "negative_cost"), "{report:#?}");
    // More than all corrections gave back.
    check(
        still(),
        &[one(), correction(-100_000_000)],
        still(),
        &[(Severity::Difference, "negative"), (Severity::Difference, "sum_differs")],
        "",
    );
    let above = || usage("1.20", "0.00", "0.00");
    check(above(), &[one(), correction(900_000_000)], above(), &[(Severity::Note, "overrun")], "above the cap");
}
