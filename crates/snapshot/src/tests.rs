//! The document as a whole: it is what its own schema asks for, and what isn't is named by its path.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::collections::BTreeMap;

use calendar::{HOUR, Millis};
use money::Nanos;
use serde_json::{Value, json};

use crate::{Report, Snapshot, Status, Usd, validate};

fn now() -> Millis {
    Millis::parse("2026-11-21T00:05:00Z").unwrap()
}

fn full() -> Snapshot {
    let mut snapshot = Snapshot::unknown(now());
    snapshot.orchestration.runs_ok = 41;
    snapshot.orchestration.p95_ms = Some(crate::Thousandths::of_micros(240));
    snapshot.count("gpt", 60, 2, Some(412));
    snapshot.count("acme", 20, 20, None);
    snapshot.share();
    snapshot.tollgate.held_usd = Some(Usd(Nanos(12_500_000)));
    snapshot.tollgate.denials.insert("monthly_cost_usd".into(), 3);
    snapshot
}

#[test]
fn ops_2_every_snapshot_is_valid_and_read_back() {
    for snapshot in [Snapshot::unknown(now()), full()] {
        let json = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(validate(&json), []);
        assert_eq!(serde_json::from_value::<Snapshot>(json).unwrap(), snapshot);
    }
}

#[test]
fn ops_2_the_document_has_the_schemas_fields() {
    let json = serde_json::to_value(full()).unwrap();
    let fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "version",
            "timestamp_utc",
            "orchestration",
            "models",
            "revenue_proxy",
            "compliance",
            "workflow_coverage",
            "infra",
            "risk_flags",
            "tollgate"
        ]
    );
    assert_eq!(json["timestamp_utc"], "2026-11-21T00:05:00.000Z");
    assert_eq!(json["orchestration"], json!({"runs_ok": 41, "runs_fail": 0, "p95_ms": 0.24}));
    assert_eq!(
        json["models"]["gpt"],
        json!({"calls": 60, "ok": 58, "fail": 2, "p95_ms": null, "mean_ms": 412, "share": 0.75})
    );
    assert_eq!(json["revenue_proxy"], json!({"checkout_success_rate": null}));
    assert_eq!(json["workflow_coverage"], json!({"defined": null, "verified": null, "target": 25}));
    assert_eq!(json["tollgate"]["held_usd"], "0.0125");
}

#[test]
fn ops_2_what_is_wrong_is_named_by_its_path() {
    let check = |pointer: &str, value: Option<Value>, path: &str| {
        let mut json = serde_json::to_value(full()).unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(parent.insert(name.to_owned(), value)),
            None => drop(parent.remove(name)),
        }
        let paths: Vec<_> = validate(&json).into_iter().map(|fault| fault.path).collect();
        assert_eq!(paths, [path], "{pointer}");
    };
    check("/version", Some(json!("2.0")), "version");
    check("/version", Some(json!(1.0)), "version");
    check("/timestamp_utc", Some(json!("yesterday")), "timestamp_utc");
    check("/timestamp_utc", Some(json!("2026-11-21T00:05:00+01:00")), "timestamp_utc");
    check("/orchestration/runs_ok", Some(json!(-1)), "orchestration.runs_ok");
    check("/orchestration/runs_fail", None, "orchestration.runs_fail");
    check("/orchestration/p95_ms", Some(json!(-0.5)), "orchestration.p95_ms");
    check("/models/claude", None, "models.claude");
    check("/models/gpt/calls", Some(json!(61)), "models.gpt.calls");
    check("/models/acme/share", Some(json!(1.5)), "models.acme.share");
    check("/models/acme/share", Some(json!(-1e-7)), "models.acme.share");
    check("/revenue_proxy/checkout_success_rate", Some(json!(97)), "revenue_proxy.checkout_success_rate");
    check("/compliance/age_gate_pass", Some(json!("yes")), "compliance.age_gate_pass");
    check("/infra/drift", None, "infra.drift");
    check("/risk_flags", Some(json!([3])), "risk_flags");
    check("/tollgate/held_usd", Some(json!(0.0125)), "tollgate.held_usd");
    check("/tollgate/log/tree_size", Some(json!("many")), "tollgate.log.tree_size");
    let none: Vec<_> = validate(&json!([])).into_iter().map(|fault| (fault.path, fault.message)).collect();
    assert_eq!(none, [(String::new(), "must be an object".to_owned())]);
    assert_eq!(validate(&json!({})).len(), 25);
}

#[test]
fn ops_2_more_verified_than_defined_is_no_coverage() {
    let mut snapshot = full();
    (snapshot.workflow_coverage.defined, snapshot.workflow_coverage.verified) = (Some(3), Some(4));
    let faults = validate(&serde_json::to_value(&snapshot).unwrap());
    assert_eq!(faults[0].path, "workflow_coverage.verified");
}

#[test]
fn ops_2_other_fields_and_tiny_shares_are_let_be() {
    let mut json = serde_json::to_value(full()).unwrap();
    json["house"] = json!({"anything": 1});
    json["models"]["acme"]["share"] = json!(1e-7);
    json["models"]["acme"]["p95_ms"] = json!(12.5);
    json["revenue_proxy"]["checkout_success_rate"] = json!(1.0);
    assert_eq!(validate(&json), []);
}

#[test]
fn ops_2_reports_become_compliance_coverage_and_drift() {
    let check = |name: &str, status, age, field: &str, expected: Value, shown: Status| {
        let facts = BTreeMap::from([("defined".to_owned(), 25), ("verified".to_owned(), 20)]);
        let report = Report { name: name.into(), status, findings: vec![], facts, at: now().to_string() };
        let mut snapshot = Snapshot::unknown(now());
        snapshot.take(&report, now().plus(age));
        let json = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(json.pointer(field), Some(&expected), "{name} {status:?}");
        assert_eq!(snapshot.tollgate.checks[name], shown);
        assert_eq!(validate(&json), []);
    };
    let (pass, fail, unknown, old) = (Status::Pass, Status::Fail, Status::Unknown, 27 * HOUR);
    check("age-gate", pass, 0, "/compliance/age_gate_pass", json!(true), pass);
    check("age-gate", fail, 0, "/compliance/age_gate_pass", json!(false), fail);
    check("age-gate", unknown, 0, "/compliance/age_gate_pass", json!(null), unknown);
    check("age-gate", pass, old, "/compliance/age_gate_pass", json!(null), unknown);
    check("age-gate", fail, old, "/compliance/age_gate_pass", json!(null), fail);
    check("certificates", pass, 0, "/compliance/coa_pass", json!(true), pass);
    check("infra", pass, 0, "/infra/drift", json!(false), pass);
    check("infra", fail, 0, "/infra/drift", json!(true), fail);
    check("workflows", fail, 0, "/workflow_coverage/verified", json!(20), fail);
    check("workflows", pass, old, "/workflow_coverage/defined", json!(null), unknown);
    check("router", fail, 0, "/infra/drift", json!(null), fail);
}

#[test]
fn ops_2_families_of_several_tenants_add_up() {
    let mut snapshot = Snapshot::unknown(now());
    snapshot.count("gpt", 10, 0, Some(100));
    snapshot.count("gpt", 30, 0, Some(200));
    snapshot.count("claude", 5, 9, None);
    snapshot.share();
    let gpt = &snapshot.models["gpt"];
    assert_eq!((gpt.calls, gpt.ok, gpt.fail, gpt.mean_ms), (40, 40, 0, Some(175)));
    let claude = &snapshot.models["claude"];
    // More failures than calls, from two reads of one list, are no more than calls.
    assert_eq!((claude.calls, claude.ok, claude.fail, claude.mean_ms), (5, 0, 5, None));
    assert_eq!(validate(&serde_json::to_value(&snapshot).unwrap()), []);
}
