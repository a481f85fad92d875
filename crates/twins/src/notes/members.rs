//! Which twins of a company hear of new notes: those that have asked the mesh for something once. So nobody has to go
//! through all tenants to tell a few.

use kv_schemas::{Slot, Store, StoreError, families};

/// The most members that are told of a note: the newest.
const MAX_MEMBERS: u64 = 100;

/// Notes that a tenant's twin takes part. Once; after that it costs one read.
///
/// # Errors
/// The store can't be reached.
pub fn join(store: &dyn Store, company: &str, tenant: &str) -> Result<(), StoreError> {
    let joined = families::MESH_JOINED.once(&[company, tenant]);
    if joined.taken(store)? {
        return Ok(());
    }
    // What if we crash here, or two come at once? It is a member twice, and is told once: an event is known by its id.
    families::MESH_MEMBER.log::<String>(&[company]).append(store, &tenant.to_owned())?;
    joined.win(store)?;
    Ok(())
}

/// Tenants that have joined, the newest first, a bounded number.
///
/// # Errors
/// The store can't be reached.
pub fn members(store: &dyn Store, company: &str) -> Result<Vec<String>, StoreError> {
    let log = families::MESH_MEMBER.log::<String>(&[company]);
    let tail = log.tail_if_any(store)?;
    let mut found = Vec::new();
    for index in (tail.saturating_sub(MAX_MEMBERS).saturating_add(1)..=tail).rev() {
        if let Slot::Entry(tenant) = log.get(store, index)? {
            found.push(tenant);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
