//! The order of effects for one delivery, and for its replay.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError};

use super::{
    Delivery, Event, Stored,
    dead_letters::{DeadLetter, bury},
    effect,
    event::{Listed, Progress, Seen, list, place},
    sweep::{Expired, sweep},
};

/// A delivery that finds the effect taken but not done, this soon after the first one, is taken for a concurrent repeat.
pub const CONCURRENT_MS: u64 = 10 * SECOND;
/// What each delivery removes of what is too old.
const SWEPT_PER_DELIVERY: Expired = Expired(4);

/// What the vendor is told. Either way the event is recorded and its effect is done (or a dead letter).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This delivery had the effect.
    Accepted,
    /// An earlier one had it.
    Duplicate,
}

/// How a replay went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The effect has happened.
    Done,
    /// It still can't; the event stays a dead letter.
    Failed(String),
}

/// Records a verified delivery and applies its effect. `event` is what the adapter makes of it; what it can't read is
/// kept as a dead letter.
///
/// # Errors
/// The store can't be reached: the vendor must not be told that all is well, so that it sends the event again.
pub fn receive(
    store: &dyn Store,
    now: Millis,
    delivery: &Delivery<'_>,
    event: &Result<Event, String>,
) -> Result<Answer, StoreError> {
    let stored = Stored::new(delivery, now);
    let first_at = match stored.seen().get(store)? {
        Some(seen) if seen.progress != Progress::Pending => return Ok(Answer::Duplicate),
        Some(seen) => seen.first_at,
        None => {
            record(store, now, &stored)?;
            now
        }
    };
    // What if we crash before this? The retry finds the event pending and comes here again, and wins.
    let won = stored.applying().win(store)?;
    // Whether won or not, the effect is applied: the winner may have crashed, and the effect is safe to repeat. What if
    // we crash in here? The retry does it all again.
    finish(store, now, &stored, first_at, event)?;
    // Housekeeping; if it fails the event is safe all the same.
    let _ = sweep(store, now, SWEPT_PER_DELIVERY);
    // A loser that comes much later than the first delivery is the retry after a crash.
    let resumed = now.since(first_at) > CONCURRENT_MS;
    Ok(if won || resumed { Answer::Accepted } else { Answer::Duplicate })
}

fn record(store: &dyn Store, now: Millis, stored: &Stored) -> Result<(), StoreError> {
    // First the line by which the event is forgotten one day. What if we crash after it? It names nothing.
    list().append(
        store,
        &Listed {
            at: now,
            id: stored.id.clone(),
            tenant: stored.origin.tenant.clone(),
            provider: stored.origin.provider.clone(),
            sha256: stored.sha256.clone(),
        },
    )?;
    // The event before the pointer to it. What if we crash after it? The retry writes it again at the same place.
    place(&stored.id).set(store, stored)?;
    // From here on a repeat is known to be one.
    set_progress(store, stored, now, Progress::Pending)
}

/// Applies the effect and writes down how that went. Says why, if it failed.
fn finish(
    store: &dyn Store,
    now: Millis,
    stored: &Stored,
    first_at: Millis,
    event: &Result<Event, String>,
) -> Result<Replayed, StoreError> {
    let outcome = match event {
        Ok(event) => effect::apply(store, &stored.origin, &stored.id, event, first_at)?,
        Err(reason) => Err(reason.clone()),
    };
    let Err(reason) = outcome else {
        set_progress(store, stored, first_at, Progress::Done)?;
        return Ok(Replayed::Done);
    };
    // What if we crash after this? The retry buries it again; the list shows each event once.
    bury(store, &DeadLetter::new(stored, event, &reason, now))?;
    set_progress(store, stored, first_at, Progress::Failed)?;
    Ok(Replayed::Failed(reason))
}

fn set_progress(store: &dyn Store, stored: &Stored, first_at: Millis, progress: Progress) -> Result<(), StoreError> {
    stored.seen().set(store, &Seen { id: stored.id.clone(), first_at, progress })
}

/// Applies a stored event's effect once more, whatever became of it. `event` is what the adapter makes of it now.
///
/// # Errors
/// The store can't be reached: replay it again.
pub fn replay(
    store: &dyn Store,
    now: Millis,
    stored: &Stored,
    event: &Result<Event, String>,
) -> Result<Replayed, StoreError> {
    let first_at = stored.seen().get(store)?.map_or(stored.received_at, |seen| seen.first_at);
    finish(store, now, stored, first_at, event)
}
