//! Which tenants allow an origin: what CORS preflights are answered from. Authority over sessions is the tenant's own
//! record, never this index.
//!
//! Two operators who register the same origin for two tenants in the same instant may lose one of the two names. The
//! origin stays known as long as the other is there, and the next change to the tenant writes its name again.

use kv_schemas::{Store, StoreError, Value, families};

use crate::holdings::{self, Holding};

fn index(origin: &str) -> Value<Vec<String>> {
    families::ORIGIN.value(&[origin])
}

/// Adds the tenant to the origin. Idempotent.
pub(crate) fn register(store: &dyn Store, tenant: &str, origin: &str) -> Result<(), StoreError> {
    let mut tenants = index(origin).get(store)?.unwrap_or_default();
    if tenants.iter().any(|known| known == tenant) {
        return Ok(());
    }
    // What if we crash here? A note of an origin that isn't registered; removing it later does nothing.
    holdings::log(tenant).append(store, &Holding::Origin { origin: origin.into() })?;
    tenants.push(tenant.into());
    tenants.sort();
    index(origin).set(store, &tenants)
}

/// Takes the tenant off the origins that it no longer allows, also those a crash left behind.
pub(crate) fn unregister_all_but(store: &dyn Store, tenant: &str, allowed: &[String]) -> Result<(), StoreError> {
    for (note, holding) in holdings::all(store, tenant)? {
        let Holding::Origin { origin } = holding else {
            continue;
        };
        if !allowed.contains(&origin) {
            unregister(store, tenant, &origin)?;
            // What if we crash here? The note stays and is worked off again, to no effect.
            holdings::log(tenant).remove(store, note)?;
        }
    }
    Ok(())
}

pub(crate) fn unregister(store: &dyn Store, tenant: &str, origin: &str) -> Result<(), StoreError> {
    let mut tenants = index(origin).get(store)?.unwrap_or_default();
    tenants.retain(|known| known != tenant);
    if tenants.is_empty() { index(origin).delete(store) } else { index(origin).set(store, &tenants) }
}
