//! Repeats with the same idempotency key: the same correction again, for as long as there is the log.
//!
//! An attempt that was refused because another correction came in between, or that was cut off before it was decided, has
//! corrected nothing: a repeat is another attempt, under an id of its own that follows from the key as well.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError};

use super::{about, charge};
use crate::{
    correction::{Corrected, Correction},
    error::Fault,
    keyed,
    permit::{Permit, State, permit},
    settle::IN_PROGRESS,
};

/// Attempts under one key, at most.
const MAX_ATTEMPTS: u32 = 8;
/// So long a repeat waits for the first request to log what was decided: two that log it at once would be told two stages.
const LOGGING_MS: u64 = 10 * SECOND;

const LOST: Fault = Fault::Conflict {
    code: "attempt_lost",
    message: "The requests with this idempotency key were cut off; nothing was corrected. Use a new key.",
};
const REUSED: Fault =
    Fault::Conflict { code: "idempotency_key_reused", message: "The idempotency key was used for another correction." };

/// What there is under a key.
pub(super) enum Found {
    /// The correction.
    Answer(Box<Permit>),
    /// Nothing: this is the id of the next attempt.
    Free(String),
}

pub(super) fn find(store: &dyn Store, now: Millis, key: &str, asked: &Correction) -> Result<Found, Fault> {
    let mut free = None;
    // All of them, also behind a free one: a refused attempt is forgotten after a month, and a later one is in the log.
    for attempt in 0..MAX_ATTEMPTS {
        let id = keyed::correction_id(key, attempt);
        let Some(found) = earlier(store, &id)? else {
            free = free.or(Some(id));
            continue;
        };
        // Nothing is known of what a lost attempt asked for.
        if found.correction.as_ref().is_some_and(|correction| !correction.answers(asked)) {
            return Err(REUSED);
        }
        match &found.state {
            State::Denied(_) => {}
            State::Charged(_) if now.since(found.created_at) < LOGGING_MS => return Err(IN_PROGRESS),
            // What if the first request crashed before the log? This one goes on with it.
            State::Charged(_) | State::Closed { .. } => return Ok(Found::Answer(Box::new(found))),
            _ => return Err(IN_PROGRESS),
        }
    }
    free.map(Found::Free).ok_or(LOST)
}

fn earlier(store: &dyn Store, id: &str) -> Result<Option<Permit>, StoreError> {
    if let Some(record) = permit(id).get(store)? {
        return Ok(Some(record));
    }
    // Permits are forgotten after a while; a second one under this id would never get into the log.
    let Some(stage) = audit::stage_of(store, id)? else { return Ok(None) };
    let Some(item) = audit::find(store, id)? else { return Ok(None) };
    let entry = item.entry;
    Ok(Some(Permit {
        correction: Some(Corrected::logged(&entry.details, entry.cost_nanos)),
        state: State::Closed { charge: charge(&entry.unit_type, entry.cost_nanos), stage },
        ..about(&entry, id, entry.at_ms)
    }))
}
