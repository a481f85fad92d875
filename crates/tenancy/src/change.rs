//! Changing and deleting a tenant.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families};
use serde_json::Value as Json;

use crate::{
    Event, Journal, Tenant, WriteError,
    create::is_gone,
    endpoint::forget_endpoint,
    find_tenant,
    holdings::{self, Holding},
    keys, origins,
    past_limits::{Owner, remember},
    patched, tenant, twin, vendor_binding,
};

/// Applies a merge patch and gives the result.
pub fn patch(
    store: &dyn Store,
    now: Millis,
    id: &str,
    patch: &Json,
    journal: &dyn Journal,
) -> Result<Tenant, WriteError> {
    if find_tenant(store, id)?.ok_or(WriteError::NotFound("tenant"))?.twin.is_none() {
        return patch_now(store, now, id, patch, journal);
    }
    twin::alone(store, now, id, || patch_now(store, now, id, patch, journal))
}

fn patch_now(
    store: &dyn Store,
    now: Millis,
    id: &str,
    patch: &Json,
    journal: &dyn Journal,
) -> Result<Tenant, WriteError> {
    let current = find_tenant(store, id)?.ok_or(WriteError::NotFound("tenant"))?;
    let mut next = patched(&current, patch)?;
    // What if we crash after one, or before the record is set? The tenant is as it was, and the repeat is noted again.
    for event in Event::tenant_changed(&current, &next) {
        journal.note(&event)?;
    }
    // New origins first. What if we crash after one? Its pages may ask, and the old record still refuses them.
    for origin in &next.allowed_origins {
        origins::register(store, id, origin)?;
    }
    if next.limits != current.limits {
        // What if we crash here? The history says that the old limits held until now, and they still hold: the next
        // change moves that moment.
        remember(store, now, Owner::Tenant(id), &current.limits)?;
    }
    // From here on the change holds.
    tenant(id).set(store, &next)?;
    // A twin that was made since, and written before us, is not lost.
    while let Some(access) = twin::access(id).get(store)?.filter(|access| next.twin.as_ref() != Some(access)) {
        next.twin = Some(access);
        tenant(id).set(store, &next)?;
    }
    // Deleted meanwhile? Then the record just written goes again. What if we crash before it does? The keys are gone, so
    // nobody can use it, and deleting once more removes it.
    if is_gone(store, id)? {
        tenant(id).delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    }
    // What if we crash before the old origins are off? They may ask and are refused; the next change takes them off.
    origins::unregister_all_but(store, id, &next.allowed_origins)?;
    Ok(next)
}

/// Deletes the tenant for good. Idempotent: again completes what a crash left.
///
/// Open permits stay: whoever holds one settles it as ever, and the reaper those whose holder vanished. Neither needs
/// the tenant's record: a permit carries its own holds and prices.
pub fn delete(store: &dyn Store, now: Millis, id: &str, journal: &dyn Journal) -> Result<(), WriteError> {
    let gone = families::TENANT_GONE.value::<Millis>(&[id]);
    let current = find_tenant(store, id)?;
    if current.is_none() && !gone.exists(store)? {
        return Err(WriteError::NotFound("tenant"));
    }
    // Noted while there is a tenant: once its record is gone, that was noted and a repeat only clears up. What if we crash
    // here? The tenant lives on, and the repeat is noted again.
    if let Some(current) = &current {
        journal.note(&Event::tenant_deleted(current))?;
    }
    // What if we crash here? The tenant lives on until it is deleted again, but its id is never given again.
    if !gone.exists(store)? {
        gone.set(store, &now)?;
    }
    if let Some(current) = &current {
        // The record goes, but what it spent can still be checked. What if we crash here? The same request again moves
        // the moment until which these limits held.
        remember(store, now, Owner::Tenant(id), &current.limits)?;
    }
    // From here on no key and no session of it is accepted: whoever checks one reads this record first.
    tenant(id).delete(store)?;
    clear_up(store, id)?;
    Ok(())
}

/// Whether the tenant is gone; then what was written for it since goes as well. For whoever has written something that the
/// tenant holds. Idempotent.
///
/// # Errors
/// The store failed: something may be left, and deleting the tenant once more takes it away.
pub fn clear_up_if_gone(store: &dyn Store, id: &str) -> Result<bool, StoreError> {
    let gone = find_tenant(store, id)?.is_none();
    if gone {
        clear_up(store, id)?;
    }
    Ok(gone)
}

/// Takes away all that a tenant without a record holds.
fn clear_up(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    // What if we crash in between? What is left opens nothing. The same request again takes it away.
    for (note, holding) in holdings::all(store, id)? {
        match &holding {
            Holding::Key { sha256 } => keys::key_by_hash(sha256).delete(store)?,
            Holding::Origin { origin } => origins::unregister(store, id, origin)?,
            Holding::Vendor { vendor } => {
                vendor_binding(id, vendor).delete(store)?;
                // What if a call under way writes it once more? An open one is removed by the maintenance once it is idle; a
                // count of failures stays, until the tenant is deleted again.
                families::BREAKER.value::<Json>(&[id, vendor]).delete(store)?;
            }
            Holding::Endpoint => forget_endpoint(store, id)?,
            Holding::Listed { index } => families::TENANT_LIST.log::<String>(&[]).remove(store, *index)?,
            Holding::Twin => holdings::forget_twin(store, id)?,
            Holding::TwinListed { index } => families::TWIN_LIST.log::<String>(&[]).remove(store, *index)?,
            Holding::Certificates => families::CERTIFICATES.value::<Json>(&[id]).delete(store)?,
        }
        holdings::log(id).remove(store, note)?;
    }
    // Noted or not: a change of the twin that was under way may have written it once more after its note was gone.
    holdings::forget_twin(store, id)
}
