//! Counts over things that can only be counted one by one: tenants and how their routing fares, runs, breakers, dead
//! letters. The maintenance walks over them a stretch at a time and keeps what the last whole walk found, so that reading
//! it costs one operation whatever the number of tenants.
//!
//! How far a walk is stands beside what it has counted so far, in one value. What if a node dies, or two work at once? One
//! of them writes last, and the next goes on from what that one had seen: some are looked at once more, none twice counted.

mod counted;
mod walk;

pub use counted::Counted;

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use walk::Walk;

/// A walk begins so long after the last one ended, or later, where one takes long.
const REST_MS: u64 = 10 * SECOND;
/// A walk over very many may take a tenth of the time at most.
const REST_TIMES: u64 = 9;
/// Several nodes call the maintenance every second: one of them walks.
const STEP_MS: u64 = 800;
/// Store operations of one call, about.
const BUDGET: u32 = 800;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Census {
    /// What the last whole walk found.
    #[serde(default)]
    pub last: Option<Counted>,
    /// When it began; what it found was so a little later.
    #[serde(default)]
    began: Millis,
    /// When it ended.
    #[serde(default)]
    pub ended: Millis,
    /// How far the walk under way is.
    #[serde(default)]
    walk: Option<Walk>,
    /// When somebody last went on with it.
    #[serde(default)]
    stepped: Millis,
}

fn place() -> Value<Census> {
    families::CENSUS.value(&[])
}

/// The last census. One read.
pub fn load(store: &dyn Store) -> Result<Census, StoreError> {
    Ok(place().get(store)?.unwrap_or_default())
}

/// Goes on with the walk, if it is time. One read when it isn't.
pub fn step(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    let mut census = load(store)?;
    let rest = census.ended.since(census.began).saturating_mul(REST_TIMES).max(REST_MS);
    let resting = census.walk.is_none() && is_within(census.ended, now, rest);
    if resting || is_within(census.stepped, now, STEP_MS) {
        return Ok(());
    }
    let mut walk = census.walk.take().unwrap_or_else(|| Walk::new(now));
    census.stepped = now;
    if walk.go(store, now, BUDGET)? {
        (census.began, census.ended) = (walk.began, now);
        census.last = Some(walk.counted);
    } else {
        census.walk = Some(walk);
    }
    place().set(store, &census)
}

/// Everything counted now, where there is little enough of it; otherwise what the last walk found.
pub fn fresh(store: &dyn Store, now: Millis) -> Result<Option<Counted>, StoreError> {
    let mut walk = Walk::new(now);
    if walk.go(store, now, BUDGET)? { Ok(Some(walk.counted)) } else { Ok(load(store)?.last) }
}

/// A clock that was set back doesn't make it wait until it has caught up.
fn is_within(since: Millis, now: Millis, ms: u64) -> bool {
    now.0.abs_diff(since.0) < ms
}

#[cfg(test)]
mod tests;
