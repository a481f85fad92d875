//! What operators change, as the log tells it: noted before it is done.
//!
//! ```text
//!   all is checked --> the event is in the journal --> the change --> the answer
//! ```
//! In this order no change is ever without its event, wherever a crash comes. What a crash between the two leaves is an
//! event that nothing followed, and the same request again is noted again: of several alike, the last one took effect.
//! (The other way round a crash would leave a change that nobody can ever tell of, since the repeat finds it done.)
//! What changes nothing is not noted.

use std::collections::{BTreeMap, BTreeSet};

use kv_schemas::{Store, StoreError};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Endpoint, KeyKind, Limits, NewKeys, Tenant, VendorBinding, event_id, find_tenant, key_id};

/// The most names in one detail; the rest is counted.
const MAX_NAMES: usize = 32;
/// The value of a limit that isn't set.
const NONE: &str = "none";

/// Something that an operator is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Such as `LIMITS_CHANGED`.
    pub event_type: &'static str,
    /// Empty where it concerns no one tenant.
    pub tenant: String,
    /// Empty where it concerns no one company, or the tenant is gone.
    pub company: String,
    /// What changes: names and texts, never a secret.
    pub details: BTreeMap<String, String>,
    /// The id in the log of what can happen once only. Absent for what may happen again: each time has an id of its own.
    pub id: Option<String>,
}

/// Where changes are noted before they are made.
pub trait Journal {
    /// Notes an event durably.
    ///
    /// # Errors
    /// It may not be noted: the change isn't made.
    fn note(&self, event: &Event) -> Result<(), StoreError>;
}

/// Notes nothing: for tests of other things.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlogged;

impl Journal for Unlogged {
    fn note(&self, _: &Event) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Event {
    fn new(event_type: &'static str, tenant: &str, company: &str) -> Self {
        let (tenant, company) = (tenant.to_owned(), company.to_owned());
        Self { event_type, tenant, company, details: BTreeMap::new(), id: None }
    }

    fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.details.insert(name.to_owned(), text.into());
        self
    }

    pub(crate) fn tenant_created(tenant: &Tenant, keys: &NewKeys) -> Self {
        let secret_key_id = key_id(&keys.secret);
        let mut event = Self::new("TENANT_CREATED", &tenant.id, &tenant.company);
        event.id = Some(event_id(&[event.event_type, &tenant.id, &secret_key_id]));
        event.details = changed_limits(&Limits::default(), &tenant.limits);
        event.with("publishable_key_id", key_id(&keys.publishable)).with("secret_key_id", secret_key_id)
    }

    /// None, one, or two: limits have an event of their own.
    pub(crate) fn tenant_changed(old: &Tenant, new: &Tenant) -> Vec<Self> {
        let event = |event_type: &'static str| Self::new(event_type, &new.id, &new.company);
        let mut events = Vec::new();
        let fields = changed_fields(old, new);
        if !fields.is_empty() {
            events.push(event("TENANT_CHANGED").with("fields", listed(fields)));
        }
        let limits = changed_limits(&old.limits, &new.limits);
        if !limits.is_empty() {
            events.push(Self { details: limits, ..event("LIMITS_CHANGED") });
        }
        events
    }

    pub(crate) fn tenant_deleted(tenant: &Tenant) -> Self {
        Self::new("TENANT_DELETED", &tenant.id, &tenant.company)
    }

    pub(crate) fn key_created(tenant: &Tenant, kind: KeyKind, key: &str) -> Self {
        let key_id = key_id(key);
        let mut event = Self::new("KEY_CREATED", &tenant.id, &tenant.company);
        event.id = Some(event_id(&[event.event_type, &key_id]));
        event.with("key_id", key_id).with("kind", kind.name())
    }

    /// A key may outlive its tenant for a moment, when a crash stopped the deletion.
    pub(crate) fn key_revoked(store: &dyn Store, tenant: &str, kind: KeyKind, id: &str) -> Result<Self, StoreError> {
        let company = find_tenant(store, tenant)?.map(|tenant| tenant.company).unwrap_or_default();
        Ok(Self::new("KEY_REVOKED", tenant, &company).with("key_id", id).with("kind", kind.name()))
    }

    /// `secret` says whether the vendor's key is a new one; where it may be sent is told too.
    pub(crate) fn vendor_bound(tenant: &Tenant, vendor: &str, old: &VendorBinding, new: &VendorBinding) -> Self {
        let secret = match &new.sealed_secret {
            None => NONE,
            kept if *kept == old.sealed_secret => "kept",
            Some(_) => "new",
        };
        let event = Self::new("VENDOR_BOUND", &tenant.id, &tenant.company)
            .with("vendor", vendor)
            .with("mode", new.mode.name())
            .with("secret", secret);
        match &new.base_url {
            Some(url) => event.with("base_url", url),
            None => event,
        }
    }

    pub(crate) fn vendor_unbound(tenant: &Tenant, vendor: &str, old: &VendorBinding) -> Self {
        let event = Self::new("VENDOR_UNBOUND", &tenant.id, &tenant.company);
        event.with("vendor", vendor).with("mode", old.mode.name())
    }

    /// `secret` says whether it is a new one; of the address only the host, since the rest may be a secret.
    pub(crate) fn endpoint_set(tenant: &Tenant, old: &Endpoint, new: &Endpoint) -> Self {
        let secret = if old.sealed_secret == new.sealed_secret { "kept" } else { "new" };
        let event = Self::new("ENDPOINT_SET", &tenant.id, &tenant.company);
        event.with("host", new.host()).with("types", listed(new.types.clone())).with("secret", secret)
    }

    pub(crate) fn endpoint_removed(tenant: &Tenant, old: &Endpoint) -> Self {
        Self::new("ENDPOINT_REMOVED", &tenant.id, &tenant.company).with("host", old.host())
    }

    /// None when the limits stay as they are.
    pub(crate) fn company_limits_changed(company: &str, old: &Limits, new: &Limits) -> Option<Self> {
        let details = changed_limits(old, new);
        (!details.is_empty()).then(|| Self { details, ..Self::new("COMPANY_LIMITS_CHANGED", "", company) })
    }

    /// `rows` is how many are new or other than before.
    pub(crate) fn prices_changed(rows: usize, vendors: Vec<String>) -> Self {
        Self::new("PRICES_CHANGED", "", "").with("rows", rows.to_string()).with("vendors", listed(vendors))
    }
}

/// Top-level fields, without the limits.
fn changed_fields(old: &Tenant, new: &Tenant) -> Vec<String> {
    let (old, new) = (json(old), json(new));
    let names = |record: &Json| record.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    let all: BTreeSet<String> = [names(&old), names(&new)].into_iter().flat_map(|names: Vec<String>| names).collect();
    all.into_iter().filter(|name| name != "limits" && old.get(name) != new.get(name)).collect()
}

/// `old.` and `new.` of each limit that differs, such as `new.daily_units.seconds`; money as decimal USD, as it was given.
fn changed_limits(old: &Limits, new: &Limits) -> BTreeMap<String, String> {
    let (old, new) = (leaves(&json(old)), leaves(&json(new)));
    let names: BTreeSet<&String> =
        old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
    let text =
        |limits: &BTreeMap<String, String>, name: &String| limits.get(name).map_or(NONE, String::as_str).to_owned();
    let both = |name: &String| [(format!("old.{name}"), text(&old, name)), (format!("new.{name}"), text(&new, name))];
    names.into_iter().flat_map(both).collect()
}

/// What is inside an object, by path, as text.
fn leaves(value: &Json) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Json::Object(_) => {
                found.extend(leaves(value).into_iter().map(|(below, text)| (format!("{name}.{below}"), text)))
            }
            Json::String(text) => drop(found.insert(name.clone(), text.clone())),
            other => drop(found.insert(name.clone(), other.to_string())),
        }
    }
    found
}

fn json(record: &impl Serialize) -> Json {
    serde_json::to_value(record).unwrap_or(Json::Null)
}

/// Names with commas between; a bounded number of them.
fn listed(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    let shown = names.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
