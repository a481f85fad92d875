//! The sweep: finds sessions that have ended without anybody noting it, and forgets those that ended a day ago.
//!
//! Sessions stand in a numbered list in the order of their making. Three places in it are kept:
//! ```text
//!   1 .. forgotten .. finished ...... cursor ...... tail
//!        removed      all have ended  looked at this round
//! ```
//! Each call looks at a bounded stretch from the cursor on and begins again at `finished` when it comes to the tail, so
//! a burst of sessions costs many short calls, never a long one. One caller at a time is enough; two do no harm, since
//! all that can be lost is how far one of them came.

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{
    record::{self, LIFETIME},
    revoked::Revoked,
    state::timed_out,
};

/// The most places that one call looks at.
const MAX_LOOKED_AT: u64 = 1_024;
/// The most sessions that one call forgets. A day after a flood as many must go as came: many addresses at once may open
/// far more than the ten a second that [`crate::count_open`] grants each.
const MAX_FORGOTTEN: u64 = 1_024;
/// How long a place may be empty before its session counts as never made.
const GRACE: u64 = MINUTE;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    forgotten: u64,
    finished: u64,
    cursor: u64,
}

fn head() -> Value<Head> {
    families::SESSION_HEAD.value(&[])
}

/// All places up to this one are empty for good.
pub(crate) fn forgotten(store: &dyn Store) -> Result<u64, StoreError> {
    Ok(head().get(store)?.unwrap_or_default().forgotten)
}

/// Ids of sessions that have ended but whose ending isn't noted yet, or not told, at most `limit`: the caller calls
/// [`crate::end`]. Also forgets old ones.
pub fn overdue(store: &dyn Store, limit: u32, now: Millis) -> Result<Vec<String>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let before = head().get(store)?.unwrap_or_default();
    let tail = record::all().tail(store)?;
    let mut after = before;
    after.forgotten = forget(store, before, now)?;
    if after.cursor < after.finished || after.cursor >= tail {
        after.cursor = after.finished;
    }
    let mut found = Vec::new();
    let mut revoked = Revoked::default();
    let end = tail.min(after.cursor.saturating_add(MAX_LOOKED_AT));
    for index in after.cursor.saturating_add(1)..=end {
        if found.len() >= limit {
            break;
        }
        after.cursor = index;
        match look(store, index, now, &mut revoked)? {
            Found::Finished if after.finished.saturating_add(1) == index => after.finished = index,
            Found::Finished | Found::Running => {}
            Found::Overdue(id) => found.push(id),
        }
    }
    // What if we crash here? The same stretch is looked at again.
    if after != before {
        head().set(store, &after)?;
    }
    Ok(found)
}

enum Found {
    /// It has ended and the log has been told, or there never was one.
    Finished,
    Overdue(String),
    Running,
}

fn look(store: &dyn Store, index: u64, now: Millis, revoked: &mut Revoked) -> Result<Found, StoreError> {
    let Slot::Entry(listed) = record::all().get(store, index)? else {
        // Being written, or its writer has crashed. Whatever is listed later shows how old it is at least.
        return Ok(if is_old_hole(store, index, now)? { Found::Finished } else { Found::Running });
    };
    match record::ending(&listed.id).get(store)? {
        // Its writer crashed before it told the log, or is just telling it.
        Some(ending) if ending.untold => return Ok(Found::Overdue(listed.id)),
        Some(_) => return Ok(Found::Finished),
        None => {}
    }
    let Some(session) = record::session(&listed.id).get(store)? else {
        return Ok(if now.since(listed.at) > GRACE { Found::Finished } else { Found::Running });
    };
    let due = record::due(&listed.id).get(store)?;
    let lapsed = timed_out(&session, due, now).is_some() || revoked.is(store, &session)?;
    Ok(if lapsed { Found::Overdue(listed.id) } else { Found::Running })
}

fn is_old_hole(store: &dyn Store, index: u64, now: Millis) -> Result<bool, StoreError> {
    match record::all().get(store, index.saturating_add(1))? {
        Slot::Entry(next) => Ok(now.since(next.at) > GRACE),
        // Two holes in a row, or the last place: a crash must have come twice, or it is being written.
        Slot::Hole => {
            let tail = record::all().tail(store)?;
            for later in index.saturating_add(2)..=tail.min(index.saturating_add(16)) {
                if let Slot::Entry(next) = record::all().get(store, later)? {
                    return Ok(now.since(next.at) > GRACE);
                }
            }
            Ok(false)
        }
    }
}

/// Removes sessions whose end is more than a day ago, oldest first.
fn forget(store: &dyn Store, head: Head, now: Millis) -> Result<u64, StoreError> {
    let mut forgotten = head.forgotten;
    let end = head.finished.min(forgotten.saturating_add(MAX_FORGOTTEN));
    for index in forgotten.saturating_add(1)..=end {
        if let Slot::Entry(listed) = record::all().get(store, index)? {
            let ended_at = match record::ending(&listed.id).get(store)? {
                Some(ending) => ending.at,
                None => listed.at.plus(LIFETIME),
            };
            if now.since(ended_at) < DAY {
                break;
            }
            // The place in the list goes last. What if we crash before? What is gone is removed again, to no effect.
            record::due(&listed.id).delete(store)?;
            record::session(&listed.id).delete(store)?;
            record::ending(&listed.id).delete(store)?;
            record::ender(&listed.id).retire(store)?;
            record::all().remove(store, index)?;
        }
        forgotten = index;
    }
    Ok(forgotten)
}
