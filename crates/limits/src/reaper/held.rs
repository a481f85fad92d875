//! What permits hold of a counter, by the permits themselves: a counter also shows, for a moment, what is being denied.

use std::collections::BTreeSet;

use kv_schemas::{Slot, Store, StoreError};

use super::{head::Head, listed::record};
use crate::{
    meter::Meter,
    permit::{State, list},
};

/// What the permits that are held stand for in a counter. One that is charged counts no more: it is in the log, or about
/// to be. Reads all open permits.
///
/// # Errors
/// The store can't be reached, or a permit is unreadable.
pub fn held(store: &dyn Store, meter: &Meter) -> Result<i64, StoreError> {
    let slots: Vec<u64> = Head::load(store)?.slots(list().tail(store)?).collect();
    let (mut sum, mut seen) = (0_i64, BTreeSet::new());
    // The newest first: one that got its place from an older one is then never counted beside it.
    for slot in slots.into_iter().rev() {
        let Slot::Entry(listed) = list().get(store, slot)? else { continue };
        if !seen.insert(listed.id.clone()) {
            continue;
        }
        let found = record(store, &listed.id)?.filter(|found| found.state == State::Held);
        let holds = found.into_iter().flat_map(|found| found.holds).filter(|hold| hold.meter == *meter);
        sum = holds.fold(sum, |sum, hold| sum.saturating_add(hold.amount));
    }
    Ok(sum)
}
