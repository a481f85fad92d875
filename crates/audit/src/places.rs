//! Where everything of the log lies in the store.

use kv_schemas::{Log, Value, families};
use serde::{Deserialize, Serialize};

use crate::Entry;

/// How many entries a tenant has, and how far the log has been counted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TenantCount {
    /// Entries of the tenant.
    pub count: u64,
    /// The first position in the log that isn't counted yet.
    pub next: u64,
}

pub(crate) fn stage() -> Log<Entry> {
    families::STAGE.log(&[])
}

pub(crate) fn staged_at(id: &str) -> Value<u64> {
    families::STAGED_AT.value(&[id])
}

pub(crate) fn entry(seq: u64) -> Value<Entry> {
    families::ENTRY.value(&[&seq.to_string()])
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
