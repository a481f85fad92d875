//! How many sessions are open: counted from the newest back, within bounds.

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError};

use crate::{
    Session, State, find,
    record::{self, LIFETIME},
    state,
};

/// Sessions that were found open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Open {
    /// So many.
    pub sessions: u64,
    /// There may be more: so many have been opened lately that not all were looked at.
    pub truncated: bool,
}

/// Counts the open sessions that `counts` says yes to, of the newest `most`.
///
/// # Errors
/// The store can't be reached.
pub fn count_open_sessions(
    store: &dyn Store,
    now: Millis,
    most: u64,
    counts: impl Fn(&Session) -> bool,
) -> Result<Open, StoreError> {
    let listed = record::all();
    let tail = listed.tail(store)?;
    let first = tail.saturating_sub(most).saturating_add(1);
    let mut open = Open::default();
    for index in (first..=tail).rev() {
        let Slot::Entry(place) = listed.get(store, index)? else { continue };
        // Older ones have expired. Nodes' clocks differ by less than that.
        if now.since(place.at) >= LIFETIME.saturating_mul(2) {
            return Ok(open);
        }
        if let Some(session) = find(store, &place.id)?
            && counts(&session)
            && matches!(state(store, &session, now)?, State::Active(_))
        {
            open.sessions = open.sessions.saturating_add(1);
        }
    }
    open.truncated = first > 1;
    Ok(open)
}
