//! A tenant, its twin, and what was noted of them.

use std::cell::RefCell;

use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};
use serde_json::json;
use tenancy::{Event, Journal, NewKeys, TwinAccess, Unlogged, find_tenant, parse_tenant};

use crate::*;

pub const NOW: Millis = Millis(1_000_000);
/// When whoever crashed is no longer waited for.
pub const LATER: Millis = Millis(1_000_000 + 60_000);

/// Remembers what was noted.
#[derive(Default)]
pub struct Noted(pub RefCell<Vec<Event>>);

impl Journal for Noted {
    fn note(&self, event: &Event) -> Result<(), StoreError> {
        self.0.borrow_mut().push(event.clone());
        Ok(())
    }
}

impl Noted {
    pub fn types(&self) -> Vec<&'static str> {
        self.0.borrow().iter().map(|event| event.event_type).collect()
    }
}

pub fn tenant(store: &Memory, id: &str) {
    let keys = NewKeys { publishable: format!("tg_pk_{id}"), secret: format!("tg_sk_{id}") };
    let body = json!({"id": id, "company": "acme", "allowed_origins": ["https://one.example"]});
    tenancy::create(store, NOW, &parse_tenant(&body).unwrap(), &keys, &Unlogged).unwrap();
}

pub fn at(store: &dyn Store, now: Millis) -> Place<'_> {
    Place { store, now, journal: &Unlogged }
}

pub fn mtid(n: u8) -> Mtid {
    Mtid::from_random([0, 0, 0, 0, 0, 0, 0, n])
}

pub fn traits(name: &str) -> Traits {
    parse_twin(&json!({"name": name, "behavior_mode": "host"})).unwrap()
}

pub fn consent(n: u8) -> Consent {
    Consent {
        id: format!("con_{n}"),
        sealed_subject: "sealed".into(),
        purpose: "to host a shop".into(),
        given_at: NOW,
        evidence_sha256: "ab".repeat(32),
        recorded_at: NOW,
        revoked_at: None,
    }
}

pub fn make(store: &Memory, tenant: &str) -> Result<Twin, Refusal> {
    create(at(store, NOW), tenant, mtid(1), traits("Travis"), consent(1))
}

/// A tenant with a twin.
pub fn twinned(store: &Memory) {
    tenant(store, "a");
    make(store, "a").unwrap();
}

pub fn access(store: &Memory, tenant: &str) -> Option<TwinAccess> {
    find_tenant(store, tenant).unwrap().unwrap().twin
}

pub fn closed(store: &Memory) -> Option<String> {
    access(store, "a").and_then(|access| access.closed)
}

pub fn told(store: &Memory, tenant: &str) -> Vec<String> {
    // A place that a crash left empty is passed over after a while.
    for later in [100_000, 200_000, 300_000] {
        events::feed::settle(store, tenant, NOW.plus(later)).unwrap();
    }
    let page = events::feed::read(store, tenant, 0, 100).unwrap();
    page.events.into_iter().map(|(_, event)| event.kind).collect()
}
