//! Making a tenant: one straight order of effects; the tenant exists from the moment its record is set.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, families};

use crate::{
    Claim, Event, Journal, KeyKind, Tenant, WriteError, find_tenant,
    holdings::{self, Holding},
    keys, origins, tenant,
};

/// How long a request that makes a tenant may take before another may try.
pub const MAKING_LEASE: u64 = 5 * SECOND;

/// The two keys that a new tenant is given: shown once, stored as hashes.
pub struct NewKeys {
    /// `tg_pk_...`
    pub publishable: String,
    /// `tg_sk_...`
    pub secret: String,
}

/// Makes the tenant. The same call again, with the same keys, completes what a crash left half made and gives `Ok`
/// when it was already complete; with other keys it makes a half-made tenant anew and refuses a complete one.
pub fn create(
    store: &dyn Store,
    now: Millis,
    new: &Tenant,
    keys: &NewKeys,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let attempts = |attempt: &str| families::TENANT_MAKING.once(&[&new.id, attempt]);
    let mark = families::TENANT_MARK.value(&[&new.id]);
    // What if we crash while holding the claim? The next request waits for the lease, then begins again from the top.
    let claim = Claim::take(store, mark, attempts, now, MAKING_LEASE)?.ok_or(WriteError::Busy)?;
    let made = make(store, new, keys, journal);
    match made {
        Err(WriteError::Store(_)) => claim.forfeit(store),
        // What if we crash here? The tenant exists, which every later attempt sees before the mark matters.
        _ => claim.release(store)?,
    }
    made
}

fn make(store: &dyn Store, new: &Tenant, keys: &NewKeys, journal: &dyn Journal) -> Result<(), WriteError> {
    if is_gone(store, &new.id)? {
        return Err(WriteError::Deleted);
    }
    if find_tenant(store, &new.id)?.is_some() {
        let ours = keys::hash_key(&keys.secret).get(store)?.is_some_and(|key| key.tenant == new.id);
        return if ours { Ok(()) } else { Err(WriteError::Exists) };
    }
    // What if we crash here? The log tells of a tenant that isn't there. The same call again says the same id and is
    // dropped; one with other keys is noted beside it, with the ids of its keys.
    journal.note(&Event::tenant_created(new, keys))?;
    forget_half_made_keys(store, &new.id)?;
    if holdings::listed_at(store, &new.id)?.is_none() {
        let index = families::TENANT_LIST.log::<String>(&[]).append(store, &new.id)?;
        // What if we crash here? The list has the id twice; only the place noted here is shown.
        holdings::log(&new.id).append(store, &Holding::Listed { index })?;
    }
    // What if we crash after a key? It names a tenant that doesn't exist, so it opens nothing; the next attempt removes it.
    keys::store_key(store, &new.id, KeyKind::Publishable, &keys.publishable)?;
    keys::store_key(store, &new.id, KeyKind::Secret, &keys.secret)?;
    // What if we crash after an origin? Its pages may ask, and are told that there is no such key.
    for origin in &new.allowed_origins {
        origins::register(store, &new.id, origin)?;
    }
    // A crash of an earlier attempt with other origins may have left some.
    origins::unregister_all_but(store, &new.id, &new.allowed_origins)?;
    // From here on the tenant exists.
    tenant(&new.id).set(store, new)?;
    Ok(())
}

/// Keys of an attempt that never became a tenant were never shown to anybody: they must not come to life with it.
fn forget_half_made_keys(store: &dyn Store, tenant: &str) -> Result<(), WriteError> {
    for (note, holding) in holdings::all(store, tenant)? {
        if let Holding::Key { sha256 } = holding {
            keys::key_by_hash(&sha256).delete(store)?;
            holdings::log(tenant).remove(store, note)?;
        }
    }
    Ok(())
}

pub(crate) fn is_gone(store: &dyn Store, tenant: &str) -> Result<bool, WriteError> {
    Ok(families::TENANT_GONE.value::<Millis>(&[tenant]).exists(store)?)
}
