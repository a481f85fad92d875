//! Permits by their places on the list.

use std::collections::BTreeMap;

use kv_schemas::{Slot, Store, StoreError};

use crate::permit::{Listed, Permit, list, permit};

/// A permit on the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Its slots: more than one after a crash while it was being moved.
    pub slots: Vec<u64>,
    /// Absent while it is being made.
    pub record: Option<Permit>,
}

/// What a look at some slots finds.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// By id, each with its record.
    pub permits: BTreeMap<String, Seen>,
    /// Slots without an entry: removed, or about to be written.
    pub holes: Vec<u64>,
}

/// All permits in these slots, with their records.
pub(super) fn listed(store: &dyn Store, slots: impl Iterator<Item = u64>) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    for slot in slots {
        match list().get(store, slot)? {
            Slot::Entry(Listed { id, .. }) => looked.permits.entry(id).or_default().slots.push(slot),
            Slot::Hole => looked.holes.push(slot),
        }
    }
    for (id, seen) in &mut looked.permits {
        seen.record = record(store, id)?;
    }
    Ok(looked)
}

/// A permit's record; absent while it is being made.
pub(super) fn record(store: &dyn Store, id: &str) -> Result<Option<Permit>, StoreError> {
    permit(id).get(store)
}
