//! Forgetting notes: those that are old, and all but the newest.

use calendar::{MINUTE, Millis};
use kv_schemas::{Log, Slot, Store, StoreError, families};

use super::{
    KEPT_MS, MAX_NOTES, Note,
    shelf::{head, log},
};

/// A run that comes sooner after the last has nothing to do.
const EVERY_MS: u64 = MINUTE;
/// Companies that one run looks at.
const MAX_COMPANIES: u64 = 64;
/// Slots that one run goes over for each of them.
const MAX_SLOTS: u64 = 500;
/// A slot that is still empty when the next note is so old has lost its writer.
const GRACE_MS: u64 = MINUTE;

/// Forgets what is too old or too much, of some of the companies. `random` says which: so nobody has to note where the last
/// run has ended. Called more often than once a minute it is one read. Gives how many notes.
///
/// # Errors
/// The store can't be reached; another run goes on.
pub fn reap(store: &dyn Store, now: Millis, random: u64) -> Result<u64, StoreError> {
    let looked = families::MESH_LOOKED.value::<Millis>(&[]);
    // Also a clock that was set back waits no longer.
    if looked.get(store)?.is_some_and(|at| now.0.abs_diff(at.0) < EVERY_MS) {
        return Ok(0);
    }
    // What if we crash after this, or two come at once? The next minute looks at others, or both at the same.
    looked.set(store, &now)?;
    let companies = families::MESH_LIST.log::<String>(&[]);
    let tail = companies.tail(store)?;
    let mut forgotten = 0_u64;
    for step in 0..tail.min(MAX_COMPANIES) {
        let place = random.wrapping_add(step).checked_rem(tail).unwrap_or(0).saturating_add(1);
        if let Slot::Entry(company) = companies.get(store, place)? {
            forgotten = forgotten.saturating_add(reap_company(store, now, &company)?);
        }
    }
    Ok(forgotten)
}

fn reap_company(store: &dyn Store, now: Millis, company: &str) -> Result<u64, StoreError> {
    let (log, place) = (log(company), head(company));
    let before = place.get(store)?.unwrap_or(0);
    let tail = log.tail(store)?;
    let (mut done, mut forgotten) = (before, 0_u64);
    let end = tail.min(before.saturating_add(MAX_SLOTS));
    while done < end {
        let index = done.saturating_add(1);
        let too_many = tail.saturating_sub(index) >= MAX_NOTES;
        match log.get(store, index)? {
            Slot::Entry(note) if too_many || now.since(note.at) >= KEPT_MS => {
                log.remove(store, index)?;
                forgotten = forgotten.saturating_add(1);
            }
            Slot::Entry(_) => break,
            Slot::Hole if is_lost(store, &log, index, tail, now)? => {}
            Slot::Hole => break,
        }
        done = index;
    }
    // What if we crash here? What was removed are holes, which are passed over once the note behind them is old enough.
    if done != before {
        place.set(store, &done)?;
    }
    Ok(forgotten)
}

/// Whether nobody will write there any more: the next note was left a while ago.
fn is_lost(store: &dyn Store, log: &Log<Note>, hole: u64, tail: u64, now: Millis) -> Result<bool, StoreError> {
    for index in hole.saturating_add(1)..=tail.min(hole.saturating_add(MAX_SLOTS)) {
        if let Slot::Entry(note) = log.get(store, index)? {
            return Ok(now.since(note.at) >= GRACE_MS);
        }
    }
    Ok(false)
}
