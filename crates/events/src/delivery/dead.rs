//! Events that an endpoint never took: listed for people, and sent again when they say so.

use calendar::{DAY, Millis};
use kv_schemas::{Log, Slot, Store, StoreError, Value, families, sweep};
use serde::{Deserialize, Serialize};

use crate::Event;

/// How long one is kept, in milliseconds.
const KEPT_MS: u64 = 14 * DAY;
/// How many are kept.
const KEPT: u64 = 1_000;
/// Places looked at when one is looked for.
const MAX_SCAN: u64 = 2 * KEPT;
const MAX_FORGOTTEN: usize = 200;

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

/// The newest dead letters that are wanted, at most `most`, with their places.
pub(super) fn scan(
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
