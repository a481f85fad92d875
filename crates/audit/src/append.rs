//! Staging: an entry is durable and counts from here on; its place in the log comes later.

use calendar::SECOND;
use kv_schemas::{Store, StoreError, families};

use crate::{Staged, places, sequence::GRACE_MS, state::State, still::RUN_MS};

/// Each attempt after the first means that this caller slept through the whole grace period.
const ATTEMPTS: u32 = 4;

/// A caller who is done so soon needn't look whether the sequencer has passed over its slot. That would take two runs,
/// and a hole whose [`GRACE_MS`] is over for the second: dated by the clock at the beginning of the first, at most
/// [`RUN_MS`] before the slot was taken. So it rests on clocks of nodes that differ by less than what is left of the
/// grace period, which is 19 seconds.
const SOON_MS: u64 = SECOND;
const _: () = assert!(SOON_MS + RUN_MS + 19 * SECOND <= GRACE_MS);

/// Stages an entry and gives its stage index. Idempotent by `limit_check_id`: a repeat gives the first index.
///
/// # Errors
/// The store can't be reached. The entry may have been staged all the same: repeat with the same entry.
pub fn append(store: &dyn Store, staged: &Staged) -> Result<u64, StoreError> {
    append_timed(store, staged, || u64::MAX)
}

/// As [`append`], with a clock: `elapsed` gives the milliseconds since before the call, and never too few, whatever
/// happens to the machine meanwhile. It saves nearly every caller the reading of the sequencer's state.
///
/// # Errors
/// As of [`append`].
pub fn append_timed(store: &dyn Store, staged: &Staged, elapsed: impl Fn() -> u64) -> Result<u64, StoreError> {
    let staged_at = places::staged_at(&staged.entry.limit_check_id);
    if let Some(index) = staged_at.get(store)? {
        return Ok(index);
    }
    // What if we crash in here? Before the slot is written: a hole, which the sequencer passes over. After: the entry
    // is in, and the caller's repeat stages a second copy, which the sequencer drops.
    let index = stage(store, staged, elapsed)?;
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

fn stage(store: &dyn Store, staged: &Staged, elapsed: impl Fn() -> u64) -> Result<u64, StoreError> {
    for _ in 0..ATTEMPTS {
        let index = places::stage().append(store, staged)?;
        if elapsed() < SOON_MS {
            // Spin's store writes behind: a write has happened, and has not failed, once something else has been read.
            families::SEQUENCER_MARK.value::<u64>(&[]).exists(store)?;
            if elapsed() < SOON_MS {
                return Ok(index);
            }
        }
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
