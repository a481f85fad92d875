//! What a tenant holds elsewhere in the store, noted before the thing itself is written.
//!
//! The store can't list keys by prefix. So whatever must go when the tenant goes is first noted in the tenant's own
//! numbered log: a crash between the two leaves a note without a thing, which is harmless, never a thing without a note.

use kv_schemas::{Log, Slot, Store, StoreError, families};
use serde::{Deserialize, Serialize};

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
