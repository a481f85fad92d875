//! The order of effects for one delivery.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError};

use super::{
    Books, Counted, Delivery, Event, Outcome, Stored,
    apply::{By, attempt},
    due::{self, Line},
    event::{Progress, Seen, list, place},
    sweep::{Expired, sweep},
};

/// A delivery that finds the effect taken but not done, this soon after the first one, is taken for a concurrent repeat.
pub const CONCURRENT_MS: u64 = 10 * SECOND;
/// What each delivery removes of what is too old.
const SWEPT_PER_DELIVERY: Expired = Expired(4);

/// What the vendor is told. Either way the event is recorded, and the gate needs the vendor no more: its effect has
/// happened, or is retried, or the event is a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This delivery is the one that counts.
    Accepted,
    /// An earlier one is.
    Duplicate,
}

/// Records a verified delivery and applies its effect. `event` is what the adapter makes of it; what it can't read is
/// kept as a dead letter.
///
/// # Errors
/// The store can't be reached: the vendor must not be told that all is well, so that it sends the event again.
pub fn receive(
    store: &dyn Store,
    books: &dyn Books,
    now: Millis,
    delivery: &Delivery<'_>,
    event: &Result<Event, String>,
) -> Result<Answer, StoreError> {
    let stored = Stored::new(delivery, now);
    let (seen, line) = match stored.seen().get(store)? {
        Some(seen) if seen.progress != Progress::Pending => return Ok(duplicate(store)),
        Some(seen) => (seen, None),
        None => {
            let (seen, line) = record(store, now, &stored)?;
            (seen, Some(line))
        }
    };
    // What if we crash from here on? The event is on the list of those that are not done with.
    let won = stored.applying().win(store)?;
    // A loser that comes much later than the first delivery is the vendor's repeat after a crash.
    let resumed = now.since(seen.first_at) > CONCURRENT_MS;
    if !won && !resumed {
        // The winner is at it. Our own line stays: should we have written "pending" over its "done", somebody has to look.
        return Ok(duplicate(store));
    }
    let outcome = attempt(store, books, now, (&stored, &seen), event, By::Gate)?;
    // From here on nothing can go wrong: a line that is left is struck off by whoever works on the list.
    if let (Some(line), Outcome::Done | Outcome::Dead(_)) = (line, outcome) {
        let _left = due::strike(store, line);
    }
    let _later = sweep(store, now, SWEPT_PER_DELIVERY);
    Ok(if won { Answer::Accepted } else { duplicate(store) })
}

fn duplicate(store: &dyn Store) -> Answer {
    Counted::Duplicate.count(store);
    Answer::Duplicate
}

fn record(store: &dyn Store, now: Millis, stored: &Stored) -> Result<(Seen, Line), StoreError> {
    // First the line by which the event is forgotten one day. What if we crash after it? It names nothing.
    list().append(store, &stored.listed(now))?;
    // Then the line by which it is found if we crash. What if we crash after it? It names nothing yet, and is struck off.
    let line = due::enlist(store, now, stored)?;
    // The event before the pointer to it. What if we crash after it? The repeat writes it again at the same place.
    place(&stored.id).set(store, stored)?;
    // From here on the event counts as recorded: a repeat is known to be one, and the gate needs it no more.
    let seen = stored.unseen(now);
    stored.seen().set(store, &seen)?;
    Ok((seen, line))
}
