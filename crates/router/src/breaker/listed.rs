//! The breakers that have opened, for whoever wants to know which are open without asking for each.

use std::collections::BTreeSet;

use calendar::{MINUTE, Millis};
use kv_schemas::{Log, Store, StoreError, families, sweep};
use serde::{Deserialize, Serialize};

use super::{FORGOTTEN_MS, Record, record};

/// An opening that is on the list for so long is written down, or was lost: the list goes first.
const UNWRITTEN_MS: u64 = MINUTE;
/// A record is removed when it has been idle for so long: for a while it has counted as none already.
const REMOVED_MS: u64 = FORGOTTEN_MS + 15 * MINUTE;

/// A place on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Whose.
    pub tenant: String,
    /// Of which vendor.
    pub vendor: String,
    /// When it opened.
    #[serde(default)]
    pub at: Millis,
}

/// The list. What stands on it may have closed since, or nobody asks for it any more: its record says so.
#[must_use]
pub fn list() -> Log<Listed> {
    families::BREAKER_LIST.log(&[])
}

/// Strikes off the list what has closed, what stands on it twice, and what nobody has asked for in an hour and a quarter;
/// the record of that goes, too. Looks at `most` of them; gives how many it struck.
///
/// # Two at once
/// A record is removed that was read a moment before. Whoever asks in between passes: for a quarter of an hour already
/// everybody takes that record for none, and passing writes nothing. Nor is a probe out under it: the last that may have
/// begun did so before that quarter of an hour, which is more than clocks differ and longer than anybody waits for a vendor.
/// What can be lost is the count of failures that were written in that very moment, or an opening by them, whose place is
/// struck off in turn: so many calls more go out before it opens. Nobody is refused for it, and none is open without being
/// on the list.
///
/// # Errors
/// The store can't be reached: the next look does it.
pub fn strike_closed(store: &dyn Store, now: Millis, most: usize) -> Result<usize, StoreError> {
    let head = families::BREAKER_HEAD.value(&[]);
    let (mut kept, mut struck) = (BTreeSet::new(), Vec::new());
    for (index, Listed { tenant, vendor, at }) in sweep::pending(store, &list(), &head, now.0, most)? {
        // What if one opens just now, whose place is struck off? Only a place older than a minute is, and each opening has
        // one of its own.
        if now.since(at) < UNWRITTEN_MS {
            continue;
        }
        let place = record(&tenant, &vendor);
        let found = place.get(store)?;
        if found.is_some_and(|record| record.is_idle(now, REMOVED_MS)) {
            // What if we crash here? Its place is one of a breaker that has closed.
            place.delete(store)?;
            struck.push(index);
        } else if !(matches!(found, Some(Record::Open { .. })) && kept.insert((tenant, vendor))) {
            struck.push(index);
        }
    }
    sweep::done(store, &list(), &head, &struck)?;
    Ok(struck.len())
}
