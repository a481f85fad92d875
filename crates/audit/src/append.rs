//! Staging: an entry is durable and counts from here on; its place in the log comes later.

use kv_schemas::{Store, StoreError};

use crate::{Staged, places, state::State};

/// Each attempt after the first means that this caller slept through the whole grace period.
const ATTEMPTS: u32 = 4;

/// Stages an entry and gives its stage index. Idempotent by `limit_check_id`: a repeat gives the first index.
///
/// # Errors
/// The store can't be reached. The entry may have been staged all the same: repeat with the same entry.
pub fn append(store: &dyn Store, staged: &Staged) -> Result<u64, StoreError> {
    let staged_at = places::staged_at(&staged.entry.limit_check_id);
    if let Some(index) = staged_at.get(store)? {
        return Ok(index);
    }
    // What if we crash in here? Before the slot is written: a hole, which the sequencer passes over. After: the entry
    // is in, and the caller's repeat stages a second copy, which the sequencer drops.
    let index = stage(store, staged)?;
    // What if we crash before this? As above: a repeat stages a copy, and only one gets a place.
    staged_at.set(store, &index)?;
    Ok(index)
}

/// Where an entry was staged, if it was.
///
/// # Errors
/// The store can't be reached.
pub fn stage_of(store: &dyn Store, limit_check_id: &str) -> Result<Option<u64>, StoreError> {
    places::staged_at(limit_check_id).get(store)
}

fn stage(store: &dyn Store, staged: &Staged) -> Result<u64, StoreError> {
    for _ in 0..ATTEMPTS {
        let index = places::stage().append(store, staged)?;
        // If we slept between taking the index and writing the slot, the sequencer may have passed over it. It saves
        // that before it looks at the slot again, and we look at what it saved after writing: one of us sees it.
        let state = State::load(store)?;
        if state.next_stage <= index {
            return Ok(index);
        }
        let is_logged = places::entry_of(&staged.entry.limit_check_id).exists(store)?;
        // What if we crash here? The caller has no answer and repeats. A copy at a swept index is never read again; it
        // is removed so that it doesn't lie there for ever. Before that, the run that passed over it may have been
        // replaced by one that didn't: the slot stays as it is, and whichever copy comes second is dropped.
        if state.swept > index {
            places::stage().remove(store, index)?;
        }
        if is_logged {
            return Ok(index);
        }
    }
    Err(StoreError::Unavailable("the sequencer passed over every attempt to stage the entry".into()))
}
