use std::collections::BTreeMap;

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{Store, families, gap::Gap, memory::Memory};
use snapshot::{FAMILIES, Report, Status, diff, validate};

use super::{daily::make_if_due, gather::gather, kept::*};
use crate::{
    checks,
    house::{NOW, breaker, routed, tenant},
};

fn report(store: &Memory, name: &str, status: Status, facts: &[(&str, u64)], at: Millis) {
    let facts = facts.iter().map(|(fact, count)| ((*fact).to_owned(), *count)).collect();
    let report = Report { name: name.into(), status, findings: Vec::new(), facts, at: at.to_string() };
    checks::keep(store, &report).unwrap();
}

fn json(snapshot: &snapshot::Snapshot) -> serde_json::Value {
    serde_json::to_value(snapshot).unwrap()
}

#[test]
fn ops_2_what_nobody_knows_is_null() {
    let snapshot = gather(&Memory::default(), NOW).unwrap();
    assert_eq!(validate(&json(&snapshot)), vec![]);
    assert_eq!(snapshot.models.keys().collect::<Vec<_>>(), {
        let mut all = FAMILIES.to_vec();
        all.sort_unstable();
        all
    });
    assert_eq!(snapshot.compliance.age_gate_pass, None);
    assert_eq!(snapshot.orchestration.p95_ms, None);
    assert_eq!(snapshot.revenue_proxy.checkout_success_rate, None);
    assert_eq!(snapshot.risk_flags, ["R2", "R3", "R4", "R5"]);
}

#[test]
fn ops_2_a_snapshot_says_what_the_store_says() {
    let store = Memory::default();
    let before = gather(&store, NOW).unwrap();
    tenant(&store, "a", None);
    (0..4).for_each(|n| routed(&store, "a", "openai/gpt", n > 0, NOW));
    families::RUN_COUNT.counter(&["ok"]).add(&store, 3).unwrap();
    families::RUN_COUNT.counter(&["failed"]).add(&store, 1).unwrap();
    families::DENIAL_COUNT.counter(&["burst"]).add(&store, 2).unwrap();
    breaker(&store, "a", "openai", true);
    report(&store, "age-gate", Status::Pass, &[], NOW);
    report(&store, "certificates", Status::Fail, &[], NOW);
    report(&store, "infra", Status::Pass, &[], NOW);
    report(&store, "workflows", Status::Fail, &[("defined", 25), ("verified", 24)], NOW);
    keep(&store, NOW, &before).unwrap();
    let snapshot = gather(&store, NOW).unwrap();
    assert_eq!(validate(&json(&snapshot)), vec![]);
    assert_eq!((snapshot.orchestration.runs_ok, snapshot.orchestration.runs_fail), (3, 1));
    let gpt = &snapshot.models["gpt"];
    assert_eq!((gpt.calls, gpt.ok, gpt.fail, gpt.mean_ms), (4, 3, 1, Some(100)));
    assert_eq!((snapshot.compliance.age_gate_pass, snapshot.compliance.coa_pass), (Some(true), Some(false)));
    assert_eq!(snapshot.infra.drift, Some(false));
    assert_eq!((snapshot.workflow_coverage.defined, snapshot.workflow_coverage.verified), (Some(25), Some(24)));
    assert_eq!(snapshot.tollgate.denials, BTreeMap::from([("burst".to_owned(), 2)]));
    assert_eq!(snapshot.risk_flags, ["R3", "R4", "breakers_open", "checks_failing"]);
    let changed: Vec<_> = diff(&json(&before), &json(&snapshot)).into_iter().map(|change| change.path).collect();
    for path in ["orchestration.runs_ok", "models.gpt.calls", "tollgate.tenants", "risk_flags"] {
        assert!(changed.iter().any(|found| found == path), "{path}: {changed:?}");
    }
}

#[test]
fn ops_2_snapshots_are_listed_newest_first_in_pages() {
    let store = Memory::default();
    let snapshot = gather(&store, NOW).unwrap();
    let names: Vec<_> = (0..5).map(|n| keep(&store, NOW.plus(n * MINUTE), &snapshot).unwrap()).collect();
    keep(&store, NOW.plus(4 * MINUTE), &snapshot).unwrap();
    let (mut found, mut before) = (Vec::new(), None);
    for _ in 0..5 {
        let page = page(&store, before, 2).unwrap();
        found.extend(page.names);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert!(found.iter().eq(names.iter().rev()), "{found:?}");
    assert_eq!(newest(&store), Ok(snapshot::taken_at(&names[4])));
    assert_eq!(find(&store, &names[2]), Ok(Some(snapshot)));
    assert_eq!(find(&store, "../tenant/a"), Ok(None));
}

#[test]
fn ops_2_only_the_newest_are_kept() {
    let store = Memory::default();
    let snapshot = gather(&store, NOW).unwrap();
    for n in 0..KEPT + 70 {
        keep(&store, NOW.plus(n * MINUTE), &snapshot).unwrap();
    }
    let kept = |store: &Memory| store.keys().iter().filter(|key| key.starts_with("snapshot/")).count() as u64;
    assert_eq!(kept(&store), KEPT);
    assert_eq!(page(&store, None, 1_000).unwrap().names.len() as u64, KEPT);
    assert_eq!(store.keys().iter().filter(|key| key.starts_with("snapshot-list/")).count() as u64, KEPT + 1);
}

/// Made since the beginning.
fn made(store: &Memory) -> usize {
    page(store, None, 1_000).unwrap().names.len()
}

#[test]
fn ops_2_a_day_has_one_snapshot_however_many_nodes_look() {
    let store = Memory::default();
    let begin = Millis::parse("2026-11-21T00:00:00Z").unwrap();
    for second in (0..3 * 86_400).step_by(20) {
        // Three nodes, whose clocks differ a little.
        for skew in [0, 3_000, 9_000] {
            make_if_due(&store, begin.plus(second * 1_000 + skew)).unwrap();
        }
    }
    let found = page(&store, None, 10).unwrap().names;
    // The first at once, since there was none; then one at each 00:05.
    let expected = ["23_0005Z", "22_0005Z", "21_0005Z", "21_0000Z"].map(|end| format!("snapshot_2026-11-{end}"));
    assert_eq!(found, expected);
    assert_eq!(store.keys().iter().filter(|key| key.starts_with("snapshot-making/")).count(), 4);
}

#[test]
fn ops_2_two_nodes_at_the_same_operation_make_one() {
    for at in 0..60 {
        let store = Memory::default();
        let now = Millis(NOW.0 - 59_000);
        let other = |store: &dyn Store| drop(make_if_due(store, now).unwrap());
        let gap = Gap::new(&store, at, &other);
        make_if_due(&gap, now).unwrap();
        assert_eq!(made(&store), 1, "another came before {at}");
    }
}

#[test]
fn ops_2_a_crash_after_winning_is_made_good_by_who_comes_next() {
    let at = Millis(NOW.0 / (2 * MINUTE) * (2 * MINUTE));
    for fuel in 0.. {
        let store = Memory::default();
        store.fail_after(fuel);
        let whole = make_if_due(&store, at).is_ok();
        store.recover();
        let before = made(&store);
        for second in 1..=6 {
            make_if_due(&store, at.plus(second * 20_000)).unwrap();
        }
        assert_eq!(made(&store), 1, "failed after {fuel}, had made {before}");
        make_if_due(&store, at.plus(DAY)).unwrap();
        assert_eq!(made(&store), 2, "failed after {fuel}");
        if whole {
            assert!(fuel > 10);
            break;
        }
    }
}

#[test]
fn what_is_stored_is_read_by_every_later_release() {
    let store = Memory::default();
    keep(&store, NOW, &snapshot::Snapshot::unknown(NOW)).unwrap();
    report(&store, "infra", Status::Pass, &[("files", 3)], NOW);
    let text = |key: &str| String::from_utf8(store.get(key).unwrap().unwrap()).unwrap();
    let stored = [
        ("snapshot-list/1", r#""snapshot_2026-11-20_2359Z""#),
        (
            "snapshot/snapshot_2026-11-20_2359Z",
            r#"{"version":"1.0","timestamp_utc":"2026-11-20T23:59:59.000Z","orchestration":{"runs_ok":0,"runs_fail":0,"p95_ms":null},"models":{"claude":{"calls":0,"ok":0,"fail":0,"p95_ms":null,"mean_ms":null,"share":null},"deepseek":{"calls":0,"ok":0,"fail":0,"p95_ms":null,"mean_ms":null,"share":null},"gemini":{"calls":0,"ok":0,"fail":0,"p95_ms":null,"mean_ms":null,"share":null},"gpt":{"calls":0,"ok":0,"fail":0,"p95_ms":null,"mean_ms":null,"share":null}},"revenue_proxy":{"checkout_success_rate":null},"compliance":{"age_gate_pass":null,"coa_pass":null},"workflow_coverage":{"defined":null,"verified":null,"target":25},"infra":{"drift":null},"risk_flags":[],"tollgate":{"version":null,"tenants":null,"twins":null,"sessions":null,"permits":null,"held_usd":null,"settled_usd":null,"denials":{},"log":{"tree_size":null},"checks":{}}}"#,
        ),
        ("check-list/1", r#""infra""#),
        (
            "check-report/infra",
            r#"{"name":"infra","status":"pass","findings":[],"facts":{"files":3},"at":"2026-11-20T23:59:59.000Z"}"#,
        ),
    ];
    for (key, bytes) in stored {
        assert_eq!(text(key), bytes, "{key}");
    }
}
