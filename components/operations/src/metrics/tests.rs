use std::collections::{BTreeMap, BTreeSet};

use ::money::Nanos;
use audit::{Entry, Signer, Staged, VERSION};
use kv_schemas::{counted::Counted, families, memory::Memory};
use snapshot::{Report, Status};

use super::*;
use crate::{
    census, checks,
    house::{NOW, breaker, routed, tenant},
};

/// Samples by name and labels. Fails at whatever Prometheus would refuse, or would take for two families.
fn lint(text: &str) -> BTreeMap<String, String> {
    let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
    let (mut helped, mut under): (Option<&str>, Option<(&str, &str)>) = (None, None);
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && families.insert(name), "{name} is there twice, or without help");
            (helped, under) = (Some(name), None);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped.take(), Some(name), "help comes first: {line}");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{line}"
            );
            under = Some((name, kind));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert_eq!(Some(name), under.map(|(name, _)| name), "under its family: {line}");
            assert!(series == name || series.ends_with("\"}"), "{line}");
            let number: f64 = value.parse().unwrap();
            assert!(number.is_finite() && number >= 0.0, "{line}");
            assert!(samples.insert(series.to_owned(), value.to_owned()).is_none(), "twice: {line}");
        }
    }
    samples
}

fn of(store: &Memory) -> BTreeMap<String, String> {
    lint(&all(store, NOW.plus(5_000)).unwrap())
}

fn logged(store: &Memory, id: &str, event: &str, nanos: i64) {
    let entry = Entry {
        v: VERSION,
        tenant_id: "a".into(),
        company: "acme".into(),
        event_type: event.into(),
        cost_nanos: Nanos(nanos),
        limit_check_id: id.into(),
        capability: "chat".into(),
        at_ms: NOW,
        ..Entry::default()
    };
    audit::append(store, &Staged::new(entry, [[7; 16], [8; 16]], None, String::new())).unwrap();
}

/// A store on which everything has happened.
fn busy() -> Memory {
    let store = Memory::default();
    for (outcome, times) in [("verified", 5), ("rejected", 2_000), ("duplicate", 3), ("failed", 8), ("dead", 1)] {
        families::WEBHOOK_COUNT.counter(&[outcome]).add(&store, times).unwrap();
    }
    for (outcome, times) in [("ok", 7), ("failed", 2), ("cancelled", 1)] {
        families::RUN_COUNT.counter(&[outcome]).add(&store, times).unwrap();
    }
    for (reason, times) in [("monthly_cap", 4), ("burst", 3), ("daily_seconds", 2)] {
        families::DENIAL_COUNT.counter(&[reason]).add(&store, times).unwrap();
    }
    logged(&store, "lc_1", "TWIN_INTERACTION", 1_000_000_001);
    logged(&store, "lc_2", "CORRECTION", -500_000_000);
    logged(&store, "evt_1", "KEY_CREATED", 0);
    audit::sequence(&store, NOW, 100, &Signer::new("log.example/test", [7; 32]).unwrap()).unwrap();
    tenant(&store, "a", None);
    (0..4).for_each(|n| routed(&store, "a", "openai/gpt", n > 0, NOW));
    breaker(&store, "a", "od\"d", true);
    census::step(&store, NOW).unwrap();
    for n in 0..32 {
        let status = if n == 0 { Status::Fail } else { Status::Pass };
        let (findings, facts) = (Vec::new(), BTreeMap::new());
        let name = format!("check-{n}");
        checks::keep(&store, &Report { name, status, findings, facts, at: NOW.to_string() }).unwrap();
    }
    crate::snapshots::make_if_due(&store, Millis(NOW.0 - 59_000)).unwrap();
    store
}

#[test]
fn ops_1_an_idle_gate_has_its_metrics() {
    let samples = of(&Memory::default());
    for (series, value) in [
        (r#"webhook_events_total{status="received"}"#, "0"),
        ("runs_success_total", "0"),
        (r#"tollgate_denials_total{reason="monthly_cap"}"#, "0"),
        (r#"api_rate_limited_requests_total{limiter="requests_per_minute"}"#, "0"),
        (r#"tollgate_settled_usd_total{capability="video"}"#, "0.00"),
        ("tollgate_held_usd", "0.00"),
        ("tollgate_held_age_seconds", "0.000"),
    ] {
        assert_eq!(samples.get(series).map(String::as_str), Some(value), "{series}");
    }
    assert!(!samples.contains_key("tollgate_tenants"), "nobody has counted them");
    assert!(!samples.contains_key("tollgate_snapshot_age_seconds"), "there is none");
}

#[test]
fn ops_1_metrics_say_what_the_store_says() {
    let samples = of(&busy());
    for (series, value) in [
        (r#"webhook_events_total{status="received"}"#, "2005"),
        (r#"webhook_events_total{status="dead"}"#, "1"),
        ("runs_success_total", "7"),
        ("runs_failure_total", "2"),
        ("tollgate_runs_cancelled_total", "1"),
        ("runs_active", "0"),
        (r#"api_rate_limited_requests_total{limiter="burst"}"#, "3"),
        (r#"tollgate_denials_total{reason="burst"}"#, "3"),
        (r#"tollgate_denials_total{reason="monthly_cap"}"#, "4"),
        (r#"tollgate_denials_total{reason="daily_seconds"}"#, "2"),
        (r#"tollgate_settled_usd_total{capability="chat"}"#, "1.000000001"),
        ("tollgate_credited_usd_total", "0.50"),
        (r#"tollgate_log_entries_total{kind="money"}"#, "2"),
        (r#"tollgate_log_entries_total{kind="admin"}"#, "1"),
        ("tollgate_log_size", "3"),
        ("tollgate_log_signed", "3"),
        ("tollgate_tenants", "1"),
        (r#"tollgate_breakers_open{vendor="od\"d"}"#, "1"),
        ("tollgate_router_decisions", "4"),
        ("tollgate_router_success_ratio", "0.750"),
        ("tollgate_router_fallback_ratio", "0.250"),
        ("tollgate_router_decision_p95_seconds", "0.002500"),
        ("tollgate_census_age_seconds", "5.000"),
        // Its name is its time to the minute.
        ("tollgate_snapshot_age_seconds", "64.000"),
        (r#"tollgate_check_pass{check="check-0"}"#, "0"),
        (r#"tollgate_check_pass{check="check-1"}"#, "1"),
    ] {
        assert_eq!(samples.get(series).map(String::as_str), Some(value), "{series}");
    }
}

#[test]
fn ops_1_metrics_cost_the_same_for_any_number_of_tenants_and_look_the_same_each_time() {
    let store = busy();
    for n in 0..2_000 {
        tenant(&store, &format!("t{n}"), None);
    }
    let counted = Counted::of(&store);
    let first = all(&counted, NOW).unwrap();
    assert!(counted.operations() <= 150, "{}", counted.operations());
    assert_eq!(all(&store, NOW).unwrap(), first);
}

#[test]
fn without_the_store_there_are_no_numbers() {
    let store = Memory::default();
    store.fail_after(0);
    assert_eq!(get(&store).err().map(|problem| problem.kind.status()), Some(503));
}
