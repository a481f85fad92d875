//! One attempt at an event's effect, and what is written down of it.

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use super::{
    Books, Counted, Event, Failure, Stored, backoff,
    dead_letters::{DeadLetter, bury},
    effect::{Cause, happen},
    event::{Progress, Seen},
};

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect has happened.
    Done,
    /// It hasn't; it is tried again.
    Retrying(String),
    /// It hasn't, and nobody tries again but an operator.
    Dead(String),
}

/// Who makes an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A delivery, or the work on the list.
    Gate,
    /// An operator: what fails keeps its turn.
    Operator,
}

/// Writes down that an attempt begins. What if we crash in it, and because of it? It is found cut off, and tried again after
/// a pause as any other, and not for ever: one event must not keep all that come behind it waiting.
pub(crate) fn begin(store: &dyn Store, now: Millis, stored: &Stored, seen: &Seen) -> Result<(), StoreError> {
    let progress = Progress::Retrying { next: backoff::cut_off(seen.attempts, now) };
    stored.seen().set(store, &Seen { progress, attempts: seen.attempts.saturating_add(1), ..seen.clone() })
}

/// Applies the effect and writes down how that went. `event` is what the adapter makes of it; what it can't read is dead.
pub(crate) fn attempt(
    store: &dyn Store,
    books: &dyn Books,
    now: Millis,
    (stored, seen): (&Stored, &Seen),
    event: &Result<Event, String>,
    by: By,
) -> Result<Outcome, StoreError> {
    let cause = Cause { origin: &stored.origin, id: &stored.id, first_at: seen.first_at };
    let failure = match event {
        Err(unreadable) => Err(Failure::Never(unreadable.clone())),
        // A store that fails half-way through an effect is no reason to lose the event.
        Ok(event) => {
            happen(store, books, &cause, &event.effect).unwrap_or_else(|error| Err(Failure::Later(error.to_string())))
        }
    };
    // What if we crash here? The event is not done with, so it is still on the list, and all of this is repeated.
    let Err(failure) = failure else {
        stored.seen().set(store, &Seen { progress: Progress::Done, ..seen.clone() })?;
        return Ok(Outcome::Done);
    };
    Counted::Failed.count(store);
    // Who was at it at the same time may have done it.
    if stored.seen().get(store)?.is_some_and(|now| now.progress == Progress::Done) {
        return Ok(Outcome::Done);
    }
    let after = after(seen, &failure, by, now);
    let reason = failure.reason().to_owned();
    if let Progress::Retrying { .. } = after.progress {
        stored.seen().set(store, &after)?;
        return Ok(Outcome::Retrying(reason));
    }
    // What if we crash after this? It is buried again; the list of dead letters shows each event once.
    bury(store, &DeadLetter::new(stored, event, &reason, after.attempts, now))?;
    stored.seen().set(store, &after)?;
    if seen.progress != Progress::Dead {
        Counted::Dead.count(store);
    }
    Ok(Outcome::Dead(reason))
}

fn after(seen: &Seen, failure: &Failure, by: By, now: Millis) -> Seen {
    let is_retried = matches!(seen.progress, Progress::Retrying { .. });
    let attempts = if is_retried && by == By::Operator { seen.attempts } else { seen.attempts.saturating_add(1) };
    let progress = match (failure, seen.progress) {
        (Failure::Never(_), _) | (_, Progress::Dead) => Progress::Dead,
        (_, Progress::Retrying { next }) if by == By::Operator => Progress::Retrying { next },
        _ => backoff::next(attempts, now).map_or(Progress::Dead, |next| Progress::Retrying { next }),
    };
    Seen { progress, attempts, ..seen.clone() }
}
