//! Where a tenant's server hears of what happens: set, found, removed.

use calendar::{DAY, Millis};
use kv_schemas::{Log, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{
    Event, Journal, Tenant, WriteError,
    create::is_gone,
    find_tenant,
    holdings::{self, Holding},
    twin,
};

/// How long a secret that was replaced goes on signing beside the new one.
const OLD_SIGNS_MS: u64 = DAY;
/// Of several that were replaced in that time, the newest.
const MAX_OLD: usize = 3;

/// An endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// `ep_...`: another one each time it is made after it was removed.
    pub id: String,
    /// How often it was set: what a server that said 410 has refused is over when it is set anew.
    pub version: u64,
    /// Where to send events.
    pub url: String,
    /// Which; `*` alone is all.
    pub types: Vec<String>,
    /// What signs, sealed with context `endpoint/{tenant}/secret`.
    pub sealed_secret: String,
    /// What signs besides, for a while.
    pub old: Vec<OldSecret>,
    /// The place in the feed after which it is told.
    pub from: u64,
    /// Its place in the list of all endpoints.
    pub listed: u64,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldSecret {
    /// As [`Endpoint::sealed_secret`].
    pub sealed: String,
    /// When it signs no more.
    pub until: Millis,
}

/// A line of the list of all endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedEndpoint {
    /// Whose.
    pub tenant: String,
    /// Since when it is listed: the endpoint is set just after.
    pub at: Millis,
}

/// An endpoint to be set; the secret already sealed.
#[derive(Clone)]
pub struct EndpointSealed {
    /// Where to send events.
    pub url: String,
    /// Which.
    pub types: Vec<String>,
    /// Another secret than before.
    pub sealed_secret: Option<String>,
    /// Of a new endpoint: its id.
    pub id: String,
    /// Of a new endpoint: the place in the feed after which it is told.
    pub from: u64,
}

impl Endpoint {
    /// Whether it is told of such events.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        kind == "test" || self.types.iter().any(|name| name == "*" || name == kind)
    }

    /// All secrets that sign now, sealed; the newest first.
    pub fn sealed_secrets(&self, now: Millis) -> impl Iterator<Item = &str> {
        let old = self.old.iter().filter(move |old| now < old.until).map(|old| old.sealed.as_str());
        std::iter::once(self.sealed_secret.as_str()).chain(old)
    }

    /// Where it is, without what may be a secret in its path or query.
    #[must_use]
    pub fn host(&self) -> &str {
        let end = self.url.find("://").and_then(|at| at.checked_add(3)).and_then(|start| {
            let rest = self.url.get(start..)?;
            start.checked_add(rest.find(['/', '?']).unwrap_or(rest.len()))
        });
        end.and_then(|end| self.url.get(..end)).unwrap_or_default()
    }
}

/// What seals a tenant's secrets.
#[must_use]
pub fn endpoint_context(tenant: &str) -> String {
    format!("endpoint/{tenant}/secret")
}

fn endpoint(tenant: &str) -> Value<Endpoint> {
    families::ENDPOINT.value(&[tenant])
}

/// All endpoints, in the order of their making; a line counts if the endpoint says that it is its own.
#[must_use]
pub fn endpoint_list() -> Log<ListedEndpoint> {
    families::ENDPOINT_LIST.log(&[])
}

/// Reads a tenant's endpoint.
///
/// # Errors
/// The store can't be reached.
pub fn find_endpoint(store: &dyn Store, tenant: &str) -> Result<Option<Endpoint>, StoreError> {
    endpoint(tenant).get(store)
}

/// Sets a tenant's endpoint. A secret that is replaced goes on signing for a day.
///
/// # Errors
/// There is no such tenant, or the store failed: the same request again completes it.
pub fn set_endpoint(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    asked: EndpointSealed,
    journal: &dyn Journal,
) -> Result<Endpoint, WriteError> {
    // A tenant that isn't there leaves no mark either.
    let owner = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    twin::alone(store, now, tenant, || set_now(store, now, &owner, asked, journal))
}

fn set_now(
    store: &dyn Store,
    now: Millis,
    owner: &Tenant,
    asked: EndpointSealed,
    journal: &dyn Journal,
) -> Result<Endpoint, WriteError> {
    let tenant = owner.id.as_str();
    let old = find_endpoint(store, tenant)?;
    let is_new = old.is_none();
    let mut next = old.clone().unwrap_or_else(|| Endpoint { id: asked.id, from: asked.from, ..Endpoint::default() });
    (next.url, next.types) = (asked.url, asked.types);
    next.version = next.version.saturating_add(1);
    next.old.retain(|old| now < old.until);
    if let Some(sealed) = asked.sealed_secret {
        let replaced = std::mem::replace(&mut next.sealed_secret, sealed);
        if !is_new {
            next.old.insert(0, OldSecret { sealed: replaced, until: now.plus(OLD_SIGNS_MS) });
            next.old.truncate(MAX_OLD);
        }
    }
    // What if we crash here? The endpoint is as it was, and the repeat is noted again.
    journal.note(&Event::endpoint_set(owner, &old.unwrap_or_default(), &next))?;
    if is_new {
        // What if we crash after one? A line or note of an endpoint that isn't there, which is passed over.
        next.listed = endpoint_list().append(store, &ListedEndpoint { tenant: tenant.into(), at: now })?;
        holdings::log(tenant).append(store, &Holding::Endpoint)?;
    }
    endpoint(tenant).set(store, &next)?;
    // Deleted meanwhile? The deletion may have passed before the endpoint was there.
    if is_gone(store, tenant)? {
        endpoint(tenant).delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    }
    Ok(next)
}

/// Removes a tenant's endpoint. Idempotent. What waits to be sent is not sent.
///
/// # Errors
/// There is no such tenant, or the store failed.
pub fn remove_endpoint(store: &dyn Store, now: Millis, tenant: &str, journal: &dyn Journal) -> Result<(), WriteError> {
    let owner = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    twin::alone(store, now, tenant, || {
        if let Some(old) = find_endpoint(store, tenant)? {
            // What if we crash here? The endpoint is still there, and the repeat is noted again.
            journal.note(&Event::endpoint_removed(&owner, &old))?;
        }
        forget_endpoint(store, tenant)?;
        Ok(())
    })
}

pub(crate) fn forget_endpoint(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    endpoint(tenant).delete(store)
}
