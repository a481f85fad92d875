//! A dead letter is sent again.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry, families};
use thiserror::Error;

use super::{
    dead::{log, scan},
    state::{Retry, retries},
};

/// How long it is known who sent one again, in hours.
const REDELIVERY_HOURS: u64 = 15 * 24;

/// Why an event is not sent again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotDead {
    /// There is no such dead letter.
    #[error("there is no such dead letter")]
    Unknown,
    /// There is no endpoint to send it to.
    #[error("there is no endpoint")]
    NoEndpoint,
    /// The store failed: do it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a dead letter again, from its first attempt on.
///
/// # Errors
/// See [`NotDead`].
pub fn redeliver(store: &dyn Store, tenant: &str, id: &str, now: Millis) -> Result<(), NotDead> {
    let found = scan(store, tenant, 1, |dead| dead.event.id == id)?;
    let (place, dead) = found.into_iter().next().ok_or(NotDead::Unknown)?;
    let endpoint = tenancy::find_endpoint(store, tenant)?.ok_or(NotDead::NoEndpoint)?;
    let retry = Retry { endpoint: endpoint.id, event: dead.event, attempt: 0, next: now, reason: dead.reason };
    let index = retries(tenant).append(store, &retry)?;
    // What if we crash here? It is sent, and is still listed: it can be sent once more.
    let once = families::REDELIVERY.once(&[tenant, &place.to_string()]);
    if !once.win(store)? {
        // Another did the same at the same time, or did it and crashed.
        retries(tenant).remove(store, index)?;
    }
    log(tenant).remove(store, place)?;
    expiry::forget_after(store, now.hour_number().saturating_add(REDELIVERY_HOURS), &[once.key()])?;
    Ok(())
}
