//! A story with everything in it reconciles, and so does what looks wrong and isn't.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod story;

use kv_schemas::families;
use limits::permit;
use money::Nanos;
use reconcile::Severity;
use story::{NOW, money_of, report, set_limits, story};

#[test]
fn a_story_with_everything_in_it_reconciles() {
    let store = story();
    let report = report(&store);
    assert_eq!(report.findings, [], "{report:#?}");
    let counts = report.counts;
    assert_eq!((counts.tenants, counts.entries, counts.permits, counts.open_permits), (2, 5, 11, 4), "{counts:?}");
    // 12 + 45 + 5 + 7 seconds at a cent, and 60 tokens at a hundredth of one.
    assert_eq!(counts.settled, Nanos(690_000_000 + 6_000_000));
    assert_eq!((counts.not_checkable, counts.caps_unknown), (0, 0), "{counts:?}");
    let month = report.windows.iter().find(|window| window.place == "tenant t, 2026-11, money").unwrap();
    assert_eq!((month.settled, month.held), (626_000_000, 410_000_000));
    assert_eq!(month.counter, Some(1_036_000_000));
}

#[test]
fn a_surplus_that_the_log_can_not_tell_waits_for_the_end_of_its_window() {
    let check = |counter: kv_schemas::Counter, words: &str| {
        let store = story();
        counter.add(&store, 3).unwrap();
        let report = report(&store);
        assert!(report.is_clean());
        let waiting: Vec<_> = report.of(Severity::Waiting).map(|finding| finding.sentence.as_str()).collect();
        assert!(waiting.len() == 1 && waiting[0].contains(words), "{waiting:?}");
    };
    check(families::UNITS.counter(&["tenant", "t", "input_tokens", &NOW.day()]), "over-reserved by 3 input_tokens");
    check(families::UNITS.counter(&["session", "ses_1", "seconds", "life"]), "over-reserved by 3 seconds");
}

#[test]
fn a_cap_that_was_lowered_or_overrun_is_none_that_was_crossed() {
    let store = story();
    let patch = serde_json::from_str(r#"{"limits":{"monthly_cost_usd":"0.50","burst":1}}"#).unwrap();
    tenancy::patch(&store, NOW.plus(500), "t", &patch, &tenancy::Unlogged).unwrap();
    assert_eq!(report(&store).findings, []);

    // All but what the overrun added.
    let store = story();
    set_limits(&store, r#"{"monthly_cost_usd":"0.87"}"#);
    let report = report(&store);
    let notes: Vec<_> = report.findings.iter().map(|finding| (finding.severity, finding.what)).collect();
    assert_eq!(notes, [(Severity::Note, "overrun")], "{report:#?}");
}

#[test]
fn entries_whose_permits_are_forgotten_still_reconcile() {
    let store = story();
    for id in ["lc_exact", "lc_overrun", "lc_chat", "lc_session", "lc_other"] {
        permit(id).delete(&store).unwrap();
    }
    let report = report(&store);
    assert!(report.is_clean(), "{report:#?}");
    // What the log doesn't sum up: kinds of tokens of tenant and company, and the session's money and seconds.
    assert_eq!(report.counts.not_checkable, 6, "{:#?}", report.windows);
    money_of("tenant", "t").add(&store, -1).unwrap();
    assert!(!self::report(&store).is_clean());
}

#[test]
fn a_check_changes_nothing_that_counts() {
    let store = story();
    let before = store.dump();
    report(&store);
    let mut after = store.dump();
    // In memory a counter can only be read by making it.
    after.retain(|key, cell| before.contains_key(key) || *cell != kv_schemas::memory::Cell::Counter(0));
    assert_eq!(before, after);
}

/// What was erased, or has aged out, is nobody's difference; nor are sums that an earlier release kept without lines.
#[test]
fn a_store_without_personal_data_and_without_lines_is_in_order() {
    let store = story();
    let keys = store.keys();
    let personal: Vec<_> = keys.iter().filter(|key| key.starts_with("personal/")).collect();
    assert!(!personal.is_empty());
    personal.into_iter().for_each(|key| kv_schemas::Store::delete(&store, key).unwrap());
    assert!(report(&store).is_clean(), "{:#?}", report(&store).findings);
    for key in keys.iter().filter(|key| key.starts_with("totals/tenant/")) {
        let place = kv_schemas::families::TOTALS;
        let [_, scope, owner, window] = key.split('/').collect::<Vec<_>>().try_into().unwrap();
        let place = place.value::<audit::Totals>(&[scope, owner, window]);
        let mut stored = place.get(&store).unwrap().unwrap();
        assert!(!stored.lines.is_empty());
        stored.lines.clear();
        place.set(&store, &stored).unwrap();
    }
    assert!(report(&store).is_clean(), "{:#?}", report(&store).findings);
}
