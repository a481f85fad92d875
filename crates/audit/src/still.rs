//! How much of the log lies still: what no run of the sequencer writes any more, however late.
//!
//! A run that was replaced doesn't know it at once. It may write, a little later, an entry and its personal data once
//! more, which is the same data until somebody has erased it. So only that is erased which was in the log two looks ago,
//! with [`LOOK_MS`] between one and the next. Whoever writes below that began before the first of them, and no run lasts
//! that long: after [`RUN_MS`] its store refuses it everything. Two looks rather than one, so that a clock that jumps ahead
//! once makes nothing old; and where nodes that take turns have clocks that differ (by less than [`LOOK_MS`]), one wait is
//! as much longer as the other is shorter.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{LEASE_MS, state::State};

/// Between two looks.
pub const LOOK_MS: u64 = 15 * SECOND;

/// For so long whoever runs the sequencer may use its store.
pub const RUN_MS: u64 = LEASE_MS;

const _: () = assert!(RUN_MS < 2 * LOOK_MS);

/// How far the log was at some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// All that was staged below this index is in the log.
    pub next_stage: u64,
    /// Entries in the log.
    pub size: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Looks {
    /// When `newest` was taken.
    at: Millis,
    newest: Mark,
    before: Mark,
    still: Mark,
}

/// Looks, if it is time to, and gives how far the log lies still. Two who look at once do no harm: both see what was.
pub(crate) fn still(store: &dyn Store, now: Millis) -> Result<Mark, StoreError> {
    let place: Value<Looks> = families::PERSONAL_STILL.value(&[]);
    let known = place.get(store)?.unwrap_or_default();
    let state = State::load(store)?;
    // A fresh void may turn out to hold an entry, which is then staged anew.
    let dealt_with = state.voids.iter().copied().min().unwrap_or(state.next_stage);
    let newest = Mark { next_stage: dealt_with, size: state.size };
    let rests = [known.newest, known.before, known.still].iter().all(|mark| *mark == newest);
    if rests || known.at.0.abs_diff(now.0) < LOOK_MS {
        return Ok(known.still);
    }
    // What if we crash before or after this? The next look is taken a little later.
    let looks = Looks { at: now, newest, before: known.newest, still: known.before };
    place.set(store, &looks)?;
    Ok(looks.still)
}
