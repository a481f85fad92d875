//! What is held in all, by the reaper's last whole walk: it looks at every open permit anyway, so that knowing it costs
//! nothing more, and reading it costs the same for one permit and for a hundred thousand.
//!
//! It is a part of the reaper's head, which only the run under the lease writes: a walk that takes several runs, on several
//! nodes, goes on with the sums where it goes on with the list.

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use money::Nanos;

use super::{head::Head, sums::Holds};
use crate::permit::list;

/// What is held in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSummary {
    /// Permits that aren't over.
    pub open: u64,
    /// The most that they may come to; what is already charged is not held any more.
    pub held: Nanos,
    /// Since when a permit past its deadline waits to be settled.
    pub overdue_since: Option<Millis>,
    /// When it was so.
    pub at: Millis,
    /// Permits there ever were, those that were denied while their counters were raised included. Of a list that was begun
    /// by a release that didn't count them, those since it was left.
    pub permits: u64,
    /// Nothing is on the list: no walk is needed to know that nothing is held.
    pub idle: bool,
}

/// What is held in all, as the reaper saw it last. Two reads.
///
/// # Errors
/// The store can't be reached.
pub fn held_summary(store: &dyn Store) -> Result<HeldSummary, StoreError> {
    let head = Head::load(store)?;
    let idle = head.is_idle(list().tail(store)?);
    let held = if idle { Holds::default() } else { head.held };
    Ok(HeldSummary {
        open: if idle { 0 } else { head.open },
        held: held.nanos,
        overdue_since: held.overdue,
        at: if idle { head.ran_at } else { head.held_at },
        permits: head.permits,
        idle,
    })
}
