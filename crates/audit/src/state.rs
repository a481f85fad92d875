//! How far the sequencer is, and the entries that are still on their way to it.

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{Entry, places};

/// More staged entries than this are not looked at by one reader: a bound on its time, not on the log.
pub(crate) const MAX_STAGED: u64 = 10_000;

/// The sequencer's only memory. Written last: all before it is repeated after a crash, with the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The first stage index that has not been dealt with.
    pub next_stage: u64,
    /// The first stage index that may still be in the store.
    pub swept: u64,
    /// Entries in the log: the next sequence number.
    pub size: u64,
    /// Since when the sequencer has been waiting at a hole.
    pub hole: Option<Hole>,
    /// Holes passed over in the last run; looked at once more in the next.
    pub voids: Vec<u64>,
}

/// A wait at a stage index that was taken and isn't written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hole {
    /// The tail when the wait began. Every hole up to here is at least as old, so many holes cost one grace period.
    pub through: u64,
    pub first_seen: Millis,
}

impl Default for State {
    fn default() -> Self {
        Self { next_stage: 1, swept: 1, size: 0, hole: None, voids: Vec::new() }
    }
}

impl State {
    pub fn load(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(place().get(store)?.unwrap_or_default())
    }

    pub fn save(&self, store: &dyn Store) -> Result<(), StoreError> {
        place().set(store, self)
    }
}

fn place() -> Value<State> {
    families::SEQUENCER.value(&[])
}

/// The entries at or after `state.next_stage`, in order, each id once. Holes are passed over.
///
/// A reader that sums up or lists takes these *before* it reads what has been sequenced: an entry that moves on in
/// between is then in both, which [`sequenced_before`] tells, and never in neither.
pub(crate) fn staged(store: &dyn Store, state: &State) -> Result<Vec<Entry>, StoreError> {
    let tail = places::stage().tail(store)?.min(state.next_stage.saturating_add(MAX_STAGED));
    let mut seen = std::collections::BTreeSet::new();
    let mut entries = Vec::new();
    for index in state.next_stage..=tail {
        if let Slot::Entry(entry) = places::stage().get(store, index)?
            && seen.insert(entry.limit_check_id.clone())
        {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Whether an entry is among the first `next` of the log.
pub(crate) fn sequenced_before(store: &dyn Store, entry: &Entry, next: u64) -> Result<bool, StoreError> {
    Ok(places::entry_of(&entry.limit_check_id).get(store)?.is_some_and(|seq| seq < next))
}
