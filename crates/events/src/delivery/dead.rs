//! Events that an endpoint never took: listed for people, and sent again when they say so.

use calendar::{DAY, Millis};
use kv_schemas::{Log, Slot, Store, StoreError, Value, expiry, families, sweep};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::state::{Retry, retries};
use crate::Event;

/// How long one is kept, in milliseconds.
const KEPT_MS: u64 = 14 * DAY;
/// How many are kept.
const KEPT: u64 = 1_000;
/// Places looked at when one is looked for.
const MAX_SCAN: u64 = 2 * KEPT;
const MAX_FORGOTTEN: usize = 200;
/// How long it is known who sent one again, in hours.
const REDELIVERY_HOURS: u64 = 15 * 24;

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dead {
    /// To which endpoint it was sent.
    pub endpoint: String,
    /// The event.
    pub event: Event,
    /// How often it was sent.
    pub attempts: u32,
    /// Why it failed last.
    pub reason: String,
    /// Since when it is dead.
    pub at: Millis,
}

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

pub(crate) fn log(tenant: &str) -> Log<Dead> {
    families::DELIVERY_DEAD.log(&[tenant])
}

pub(crate) fn head(tenant: &str) -> Value<sweep::Head> {
    families::DELIVERY_DEAD_HEAD.value(&[tenant])
}

/// The newest dead letters, at most `most`.
///
/// # Errors
/// The store can't be reached.
pub fn dead_letters(store: &dyn Store, tenant: &str, most: usize) -> Result<Vec<Dead>, StoreError> {
    Ok(scan(store, tenant, most, |_| true)?.into_iter().map(|(_, dead)| dead).collect())
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

fn scan(
    store: &dyn Store,
    tenant: &str,
    most: usize,
    wanted: impl Fn(&Dead) -> bool,
) -> Result<Vec<(u64, Dead)>, StoreError> {
    let log = log(tenant);
    let first = head(tenant).get(store)?.unwrap_or_default().first().max(1);
    let mut place = log.tail(store)?;
    let end = place.saturating_sub(MAX_SCAN);
    let mut found = Vec::new();
    while place >= first && place > end && found.len() < most {
        if let Slot::Entry(dead) = log.get(store, place)?
            && wanted(&dead)
        {
            found.push((place, dead));
        }
        place = place.saturating_sub(1);
    }
    Ok(found)
}

/// Forgets what is too old or too much, a bounded number at a time.
///
/// # Errors
/// The store can't be reached; the next run goes on.
pub fn forget_dead(store: &dyn Store, tenant: &str, now: Millis) -> Result<(), StoreError> {
    let Some(oldest) = log(tenant).tail(store)?.checked_sub(KEPT) else {
        return forget_where(store, tenant, now, |_, dead| now.since(dead.at) >= KEPT_MS).map(drop);
    };
    forget_where(store, tenant, now, |place, dead| place <= oldest || now.since(dead.at) >= KEPT_MS).map(drop)
}

/// Of a tenant that is gone. Whether nothing is left.
pub(crate) fn forget_all(store: &dyn Store, tenant: &str, now: Millis) -> Result<bool, StoreError> {
    forget_where(store, tenant, now, |_, _| true)
}

fn forget_where(
    store: &dyn Store,
    tenant: &str,
    now: Millis,
    gone: impl Fn(u64, &Dead) -> bool,
) -> Result<bool, StoreError> {
    let (log, head) = (log(tenant), head(tenant));
    let found = sweep::pending(store, &log, &head, now.0, MAX_FORGOTTEN)?;
    let places: Vec<u64> = found.iter().filter(|(place, dead)| gone(*place, dead)).map(|(place, _)| *place).collect();
    if !places.is_empty() {
        sweep::done(store, &log, &head, &places)?;
    }
    Ok(found.is_empty())
}
