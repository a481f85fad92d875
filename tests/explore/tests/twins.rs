//! A consent that is taken back beside others who change the same twin or its tenant: once that is acknowledged, the twin is
//! closed, whoever wrote last and whoever crashed where.

use calendar::Millis;
use explore::{End, Explore, Report, Status};
use kv_schemas::{Store, memory::Memory};
use serde_json::json;
use tenancy::{NewKeys, Unlogged, find_tenant, parse_tenant};
use twins::{Consent, Environment, Mtid, Place, has_consent};

const NOW: Millis = Millis(1_795_000_000_000);

/// How somebody fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fared {
    Done,
    Refused,
}

fn place(store: &dyn Store) -> Place<'_> {
    Place { store, now: NOW, journal: &Unlogged }
}

fn fared<T, E>(done: Result<T, E>) -> Fared {
    if done.is_ok() { Fared::Done } else { Fared::Refused }
}

fn revoke(store: &dyn Store) -> Fared {
    fared(twins::revoke_consent(place(store), "t", "con_1"))
}

fn patch(store: &dyn Store) -> Fared {
    fared(tenancy::patch(store, NOW, "t", &json!({"display_name": "Other"}), &Unlogged))
}

fn deploy(store: &dyn Store) -> Fared {
    fared(twins::deploy(place(store), "t", Environment::Production))
}

fn make(store: &dyn Store) -> Fared {
    let new = twins::parse_twin(&json!({"name": "Travis", "behavior_mode": "host"})).unwrap();
    let consent = Consent {
        id: "con_1".into(),
        sealed_subject: "sealed".into(),
        purpose: "hosting".into(),
        given_at: NOW,
        evidence_sha256: "ab".repeat(32),
        recorded_at: NOW,
        revoked_at: None,
    };
    fared(twins::create(place(store), "t", Mtid::from_random([1; 8]), new, consent))
}

fn tenant() -> Memory {
    let store = Memory::default();
    let keys = NewKeys { publishable: "tg_pk_t".into(), secret: "tg_sk_t".into() };
    let record = parse_tenant(&json!({"id": "t", "company": "acme"})).unwrap();
    tenancy::create(&store, NOW, &record, &keys, &Unlogged).unwrap();
    store
}

fn twinned() -> Memory {
    let store = tenant();
    assert_eq!(make(&store), Fared::Done);
    store
}

/// What the gate goes by.
fn is_closed(store: &dyn Store) -> bool {
    find_tenant(store, "t").unwrap().unwrap().twin.is_some_and(|twin| twin.closed.is_some())
}

fn stays_closed(end: &End<'_, Fared>) -> Result<(), String> {
    let store = &end.store;
    let acknowledged = end.view.status(0) == Status::Ended(&Fared::Done);
    match is_closed(store) {
        false if acknowledged => Err("it was acknowledged, and the twin is open".into()),
        false if !has_consent(store, "t").unwrap() => Err("nobody consents, and the twin is open".into()),
        _ => Ok(()),
    }
}

#[test]
fn ses_5_taking_consent_back_beside_a_change_of_the_tenant() {
    let store = twinned();
    let explore = Explore::new(&store)
        .errors(1)
        .actor("revoke", |store: &dyn Store| revoke(store))
        .actor("patch", |store: &dyn Store| patch(store))
        .finally(stays_closed);
    ran(explore.run("a consent taken back beside a change of the tenant"));
}

#[test]
fn ses_5_taking_consent_back_beside_a_deployment() {
    let store = twinned();
    let explore = Explore::new(&store)
        .errors(1)
        .actor("revoke", |store: &dyn Store| revoke(store))
        .actor("deploy", |store: &dyn Store| deploy(store))
        .finally(stays_closed);
    ran(explore.run("a consent taken back beside a deployment"));
}

#[test]
fn ses_5_a_twin_made_beside_a_change_of_the_tenant() {
    let store = tenant();
    let explore = Explore::new(&store)
        .crashes(0)
        .actor("make", |store: &dyn Store| make(store))
        .actor("patch", |store: &dyn Store| patch(store))
        .finally(|end: &End<'_, Fared>| {
            let made = end.view.status(0) == Status::Ended(&Fared::Done);
            let known = find_tenant(&end.store, "t").unwrap().unwrap().twin.is_some();
            if made && !known { Err("it was made, and the gate doesn't know".into()) } else { Ok(()) }
        });
    ran(explore.run("a twin made beside a change of the tenant"));
}

fn ran(report: Report) {
    report.at_least(100, 3);
}

/// Somebody who writes the tenant's record as it was, and waits for nobody: what the checks above would find.
#[test]
fn a_careless_writer_would_be_found_out() {
    let store = twinned();
    let careless = |store: &dyn Store| {
        let record = find_tenant(store, "t").ok().flatten();
        fared(record.map_or(Ok(()), |record| tenancy::tenant("t").set(store, &record)))
    };
    let explore = Explore::new(&store)
        .actor("revoke", |store: &dyn Store| revoke(store))
        .actor("careless", careless)
        .finally(stays_closed);
    assert!(explore.try_run().is_err_and(|found| found.contains("the twin is open")));
}
