//! What a tenant holds elsewhere in the store, noted before the thing itself is written.
//!
//! The store can't list keys by prefix. So whatever must go when the tenant goes is first noted in the tenant's own
//! numbered log: a crash between the two leaves a note without a thing, which is harmless, never a thing without a note.

use kv_schemas::{Log, Slot, Store, StoreError, families};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Holding {
    /// A place in the list of all tenants.
    Listed { index: u64 },
    /// A key, by its SHA-256.
    Key { sha256: String },
    /// A registered origin.
    Origin { origin: String },
    /// A vendor binding.
    Vendor { vendor: String },
    /// The endpoint for its events.
    Endpoint,
    /// Its twin, and all that is kept beside it.
    Twin,
    /// A place in the list of all twins.
    TwinListed { index: u64 },
    /// Certificates for its pages.
    Certificates,
}

pub(crate) fn log(tenant: &str) -> Log<Holding> {
    families::TENANT_HOLDINGS.log(&[tenant])
}

/// All notes with their indices.
pub(crate) fn all(store: &dyn Store, tenant: &str) -> Result<Vec<(u64, Holding)>, StoreError> {
    let log = log(tenant);
    let mut holdings = Vec::new();
    for index in 1..=log.tail(store)? {
        if let Slot::Entry(holding) = log.get(store, index)? {
            holdings.push((index, holding));
        }
    }
    Ok(holdings)
}

/// Where the tenant stands in the list of all tenants. A crash while it was made may have listed it twice: the first
/// note counts.
pub(crate) fn listed_at(store: &dyn Store, tenant: &str) -> Result<Option<u64>, StoreError> {
    let log = log(tenant);
    for index in 1..=log.tail(store)? {
        if let Slot::Entry(Holding::Listed { index }) = log.get(store, index)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// To be called before a tenant's certificates are written. Idempotent.
///
/// # Errors
/// The store can't be reached: nothing may be written.
pub fn will_hold_certificates(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    note_once(store, tenant, Holding::Certificates)
}

/// To be called before a tenant's twin, or anything beside it, is written. Idempotent.
///
/// # Errors
/// The store can't be reached: nothing may be written.
pub fn will_hold_twin(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    note_once(store, tenant, Holding::Twin)
}

/// Puts a tenant into the list of all twins, and gives its place. What if we crash in between? A place that the twin
/// doesn't say is its own, which is passed over.
///
/// # Errors
/// The store can't be reached.
pub fn list_twin(store: &dyn Store, tenant: &str) -> Result<u64, StoreError> {
    let index = families::TWIN_LIST.log::<String>(&[]).append(store, &tenant.to_owned())?;
    log(tenant).append(store, &Holding::TwinListed { index })?;
    Ok(index)
}

/// What if two do this at once? It is noted twice, which does no harm.
fn note_once(store: &dyn Store, tenant: &str, holding: Holding) -> Result<(), StoreError> {
    if all(store, tenant)?.into_iter().any(|(_, noted)| noted == holding) {
        return Ok(());
    }
    log(tenant).append(store, &holding).map(drop)
}

/// Takes away what the twin and its like left, when their tenant goes.
pub(crate) fn forget_twin(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    // Its id stays, so that it is not given again.
    families::TWIN.value::<Json>(&[tenant]).delete(store)?;
    families::TWIN_CONSENT.value::<Json>(&[tenant]).delete(store)?;
    families::TWIN_TRAINING.value::<Json>(&[tenant]).delete(store)?;
    families::TWIN_ACCESS.value::<Json>(&[tenant]).delete(store)
}
