//! The reaper: finds permits whose holders vanished, so that nothing is held for ever, and sweeps those that are over.
//!
//! It walks the list of permits in small runs. What is final leaves the list and is forgotten after a while; what is
//! past its deadline is named to the caller, who charges it; what a crash left in the middle of a change is in *limbo*:
//! when nothing has happened to it for long enough, its counters are counted anew (see [`square`]).
//!
//! One run at a time, by a lease, since lowering a counter must not happen twice; everything else is safe to repeat.
//!
//! Limbo rests on a bound: no operation of a call takes effect later than [`PATIENCE_MS`] after the call began. The
//! shells see to it: the store handle of a call refuses everything once it is a third of that old, and that of the reaper
//! itself once it is two thirds of that old.

mod head;
mod held;
mod listed;
mod look;
mod patience;
mod square;
mod summary;
mod sums;
mod walk;

use calendar::Millis;
use kv_schemas::{Counter, Lease, Store, StoreError, Value, families};

use crate::permit::{Permit, list};
use head::Head;
pub use held::held;
pub use patience::PATIENCE_MS;
pub use summary::{HeldSummary, held_summary};

/// How long one run is left alone.
const LEASE_MS: u64 = 30_000;

/// What one run came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reaped {
    /// Permits to be charged as `Unknown` (whatever was decided already stands), put into the log and closed.
    pub overdue: Vec<String>,
    /// There is more to be done with: another run at once goes on with the walk. Otherwise it is through, or has seen so
    /// many permits that are held that it goes on at the next maintenance.
    pub more: bool,
    /// Counting anew failed; what it is for stays too high until a later run.
    pub failed: Option<StoreError>,
}

/// One run of the reaper: names at most `limit` permits to be settled. May be called by many at once: one of them works.
///
/// # Errors
/// The store can't be reached. Nothing is lost: a later run continues.
pub fn reap(store: &dyn Store, now: Millis, limit: usize) -> Result<Reaped, StoreError> {
    // An idle list is read, not written.
    if Head::load(store)?.is_idle(list().tail(store)?) {
        return Ok(Reaped::default());
    }
    let Some(lease) = Lease::take_alone(store, mark(), tickets(), now.0, LEASE_MS)? else {
        return Ok(Reaped::default());
    };
    let reaped = walk::run(store, &lease, now, limit);
    // What if we crash before? The lease runs out.
    lease.release(store)?;
    reaped
}

/// When the reaper last looked at something; the epoch if it never did.
///
/// # Errors
/// The store can't be reached.
pub fn last_reaped(store: &dyn Store) -> Result<Millis, StoreError> {
    Ok(Head::load(store)?.ran_at)
}

/// Every permit that isn't final, in the order of their ids: what stands in the counters beyond what is settled.
///
/// # Errors
/// The store can't be reached, or a permit is unreadable.
pub fn open(store: &dyn Store) -> Result<Vec<Permit>, StoreError> {
    let head = Head::load(store)?;
    let slots = head.slots(list().tail(store)?);
    let listed = listed::listed(store, slots)?.permits;
    Ok(listed.into_values().filter_map(|seen| seen.record).filter(|record| !record.state.is_final()).collect())
}

/// The permits that were last seen in the middle of a change: some are just being settled, others were left behind.
///
/// # Errors
/// The store can't be reached, or a permit is unreadable.
pub fn in_limbo(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let mut ids = Vec::new();
    for id in Head::load(store)?.stuck.into_keys() {
        if !listed::record(store, &id)?.is_some_and(|found| found.state.is_final()) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn mark() -> Value<u64> {
    families::REAPER_MARK.value(&[])
}

fn tickets() -> Counter {
    families::REAPER_TICKET.counter(&[])
}
