//! Where everything of the log lies in the store.

use kv_schemas::{Log, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use tlog::TileId;

use crate::{Entry, Personal, Staged};

/// How many entries a tenant has, and how far the log has been counted for it. Always true, not always the latest: see
/// [`counted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TenantCount {
    /// Entries of the tenant.
    pub count: u64,
    /// The first position in the log that isn't counted yet.
    pub next: u64,
}

pub(crate) fn stage() -> Log<Staged> {
    families::STAGE.log(&[])
}

pub(crate) fn staged_at(id: &str) -> Value<u64> {
    families::STAGED_AT.value(&[id])
}

pub(crate) fn entry(seq: u64) -> Value<Entry> {
    families::ENTRY.value(&[&seq.to_string()])
}

/// The personal data of the entry with this number.
pub(crate) fn personal(seq: u64) -> Value<Personal> {
    families::PERSONAL.value(&[&seq.to_string()])
}

/// Base64 of the hashes of the tile with this name.
pub(crate) fn tile(id: TileId) -> Value<String> {
    families::TILE.value(&[&id.level.to_string(), &id.index.to_string(), &id.width.to_string()])
}

/// The signed note of the checkpoint with this number.
pub(crate) fn checkpoint(n: u64) -> Value<String> {
    families::CHECKPOINT.value(&[&n.to_string()])
}

pub(crate) fn entry_of(id: &str) -> Value<u64> {
    families::ENTRY_OF.value(&[id])
}

pub(crate) fn tenant_entry(tenant: &str, n: u64) -> Value<u64> {
    families::TENANT_ENTRY.value(&[tenant, &n.to_string()])
}

pub(crate) fn tenant_count(tenant: &str) -> Value<TenantCount> {
    families::TENANT_ENTRIES.value(&[tenant])
}

/// The latest count: the stored one, and what the tenant's list has beyond it. A run that crashed leaves a list that is
/// ahead; one that was replaced may even write an older count over a newer one.
pub(crate) fn counted(store: &dyn Store, tenant: &str) -> Result<TenantCount, StoreError> {
    let mut known = tenant_count(tenant).get(store)?.unwrap_or_default();
    while let Some(seq) = tenant_entry(tenant, known.count).get(store)? {
        known = TenantCount { count: known.count.saturating_add(1), next: seq.saturating_add(1) };
    }
    Ok(known)
}
