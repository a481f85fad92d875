//! What is known of the deliveries to one endpoint.

use calendar::Millis;
use kv_schemas::{Log, Store, StoreError, Value, families, sweep};
use serde::{Deserialize, Serialize};
use tenancy::Endpoint;

use super::dead;
use crate::Event;

/// Things that one run forgets at most.
const MAX_FORGOTTEN: usize = 500;

/// How far an endpoint was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Which endpoint this is about: another one begins anew.
    pub endpoint: String,
    /// The last place of the feed that is done with, or on the retry list.
    pub cursor: u64,
    /// The version of the endpoint that said 410.
    pub refused: Option<u64>,
    /// How many times in a row it didn't answer at all.
    pub silences: u32,
    /// Until when it is left alone.
    pub pause_until: Millis,
    /// When the first of the retry list is due, as far as is known.
    pub retry_at: Millis,
    /// The tail of the retry list when that was found out, and when that was.
    pub retry_tail: u64,
    pub looked_at: Millis,
    /// How many are on it: its places don't tell, since one that fails for long keeps its own. What if we crash between the
    /// list and this? It is one off, until the list is short enough to be counted in one look.
    #[serde(default)]
    pub waiting: u64,
}

/// An event that is to be sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// To which endpoint: one that was removed takes its own with it.
    pub endpoint: String,
    /// The event.
    pub event: Event,
    /// Failed attempts so far.
    pub attempt: u32,
    /// When to send it.
    pub next: Millis,
    /// Why it failed last: for people.
    pub reason: String,
}

impl State {
    /// As the store has it; of an endpoint that is new, from where it begins.
    pub(crate) fn of(store: &dyn Store, tenant: &str, endpoint: &Endpoint) -> Result<Self, StoreError> {
        let known = place(tenant).get(store)?.filter(|state| state.endpoint == endpoint.id);
        let new = || Self { endpoint: endpoint.id.clone(), cursor: endpoint.from, ..Self::default() };
        Ok(known.unwrap_or_else(new))
    }
}

pub(crate) fn place(tenant: &str) -> Value<State> {
    families::DELIVERY.value(&[tenant])
}

pub(crate) fn retries(tenant: &str) -> Log<Retry> {
    families::DELIVERY_RETRY.log(&[tenant])
}

pub(crate) fn retry_head(tenant: &str) -> Value<sweep::Head> {
    families::DELIVERY_RETRY_HEAD.value(&[tenant])
}

/// Whether the endpoint said 410, and wasn't set since.
///
/// # Errors
/// The store can't be reached.
pub fn is_refused(store: &dyn Store, tenant: &str, endpoint: &Endpoint) -> Result<bool, StoreError> {
    Ok(State::of(store, tenant, endpoint)?.refused == Some(endpoint.version))
}

/// Forgets what waits for an endpoint that is removed, a bounded number of things at a time. Whether nothing is left.
///
/// # Errors
/// The store can't be reached; the next run goes on.
pub fn forget(store: &dyn Store, tenant: &str, now: Millis) -> Result<bool, StoreError> {
    place(tenant).delete(store)?;
    families::DELIVERY_MARK.value::<u64>(&[tenant]).delete(store)?;
    let (log, head) = (retries(tenant), retry_head(tenant));
    let found = sweep::pending(store, &log, &head, now.0, MAX_FORGOTTEN)?;
    let places: Vec<u64> = found.iter().map(|(place, _)| *place).collect();
    sweep::done(store, &log, &head, &places)?;
    Ok(places.is_empty())
}

/// Forgets all of a tenant that is gone. Whether nothing is left.
pub(crate) fn forget_all(store: &dyn Store, tenant: &str, now: Millis) -> Result<bool, StoreError> {
    if !(forget(store, tenant, now)? && dead::forget_all(store, tenant, now)?) {
        return Ok(false);
    }
    retry_head(tenant).delete(store)?;
    dead::head(tenant).delete(store)?;
    retries(tenant).retire(store)?;
    dead::log(tenant).retire(store)?;
    Ok(true)
}
