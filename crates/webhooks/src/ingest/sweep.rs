//! Forgetting: raw events after 14 days, their dedupe ids after 32. Each delivery removes a few.

use calendar::{DAY, Millis};
use kv_schemas::{Log, Slot, Store, StoreError, families};
use serde::de::DeserializeOwned;

use super::{
    DeadLetter,
    dead_letters::log,
    event::{Listed, Seen, list, place},
    head::Head,
};

/// How long a raw event is kept.
pub const KEEP_EVENT_MS: u64 = 14 * DAY;
/// How long a repeat of an event is known to be one.
pub const KEEP_ID_MS: u64 = 32 * DAY;

/// A number of things to remove.
#[derive(Debug, Clone, Copy)]
pub struct Expired(pub u64);

/// Removes at most `most` of each kind of what is too old.
///
/// # Errors
/// The store can't be reached; the next sweep goes on.
pub fn sweep(store: &dyn Store, now: Millis, most: Expired) -> Result<(), StoreError> {
    let before = Head::load(store)?;
    let too_old = |keep: u64| move |at: Millis| now.since(at) > keep;
    let events = expired(store, &list(), before.events, most, |e: &Listed| too_old(KEEP_EVENT_MS)(e.at))?;
    for (_, event) in &events.found {
        place(&event.id).delete(store)?;
    }
    let ids = expired(store, &list(), before.ids, most, |e: &Listed| too_old(KEEP_ID_MS)(e.at))?;
    for (index, event) in &ids.found {
        let parts = [event.tenant.as_str(), &event.provider, &event.sha256];
        families::WEBHOOK_SEEN.value::<Seen>(&parts).delete(store)?;
        families::WEBHOOK_APPLYING.once(&parts).retire(store)?;
        // The line last: as long as it is there, the removal is repeated.
        list().remove(store, *index)?;
    }
    let letters = expired(store, &log(), before.dead_letters, most, |l: &DeadLetter| too_old(KEEP_EVENT_MS)(l.at_ms))?;
    for (index, _) in &letters.found {
        log().remove(store, *index)?;
    }
    let after = Head { events: events.next, ids: ids.next, dead_letters: letters.next };
    // What if we crash before this? What is gone is removed once more. Two sweeps at once may also set this back by a
    // few: the same.
    if after == before { Ok(()) } else { after.save(store) }
}

struct Found<T> {
    found: Vec<(u64, T)>,
    next: u64,
}

/// A hole with this many younger slots behind it has no writer any more.
const LOST: u64 = 1_000;
/// How many holes one sweep looks past.
const HOLES: u64 = 64;

/// At most `most` expired entries from `first` on. A hole is passed when what follows it is expired, since it is then
/// at least as old, or when it is [`LOST`].
fn expired<T: DeserializeOwned>(
    store: &dyn Store,
    log: &Log<T>,
    first: u64,
    most: Expired,
    is_expired: impl Fn(&T) -> bool,
) -> Result<Found<T>, StoreError> {
    let tail = log.tail(store)?;
    let last = tail.min(first.saturating_add(most.0).saturating_add(HOLES));
    let (mut found, mut next, mut left) = (Vec::new(), first, most.0);
    for index in first..=last {
        match log.get(store, index)? {
            Slot::Entry(entry) if left > 0 && is_expired(&entry) => {
                left = left.saturating_sub(1);
                found.push((index, entry));
            }
            Slot::Entry(_) => break,
            Slot::Hole if tail.saturating_sub(index) > LOST => {}
            Slot::Hole => continue,
        }
        next = index.saturating_add(1);
    }
    Ok(Found { found, next })
}
