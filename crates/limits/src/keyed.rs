//! Idempotency: the id of a permit follows from the caller's key, so that a repeat finds what the first call made.
//!
//! A key that is denied stays denied. Only while its caller waits in the queue there are several attempts under one key,
//! each with an id of its own: the denied ones say that there is a next.

use kv_schemas::Store;
use sha2::{Digest, Sha256};

use crate::{
    error::{Denial, DenialKind},
    permit::{Permit, State, permit},
    reservation::{Granted, Reservation},
};

/// Attempts under one key, at most: far more than a queue gives chances.
const MAX_ATTEMPTS: u32 = 256;

/// The id of the permit to be made.
pub(crate) struct Key {
    pub id: String,
    /// What the request was, for repeats; empty where there can be none.
    pub fingerprint: String,
    keyed: bool,
}

/// What a repeat is told.
type FirstAnswer = Result<Granted, Denial>;

impl Key {
    /// The id of the next attempt; or the answer that an earlier one was given.
    pub fn of(store: &dyn Store, fresh_id: &str, asked: &Reservation) -> Result<Result<Self, FirstAnswer>, Denial> {
        let Some(key) = &asked.idempotency_key else {
            return Ok(Ok(Self { id: fresh_id.to_owned(), fingerprint: String::new(), keyed: false }));
        };
        let fingerprint = fingerprint(asked);
        for attempt in 0..MAX_ATTEMPTS {
            let id = attempt_id(asked, key, attempt);
            let Some(record) = permit(&id).get(store)? else {
                // Forgotten after a month, but in the log for good, which would drop another entry under this id.
                if audit::stage_of(store, &id)?.is_some() {
                    continue;
                }
                return Ok(Ok(Self { id, fingerprint, keyed: true }));
            };
            // Nothing is known of what a lost attempt asked for.
            if record.fingerprint != fingerprint && !record.fingerprint.is_empty() {
                let message = "The idempotency key was used for another request.";
                return Ok(Err(Err(Denial::new(DenialKind::Conflict, "idempotency_key_reused", message))));
            }
            if let Some(answer) = answer(&record) {
                return Ok(Err(answer));
            }
        }
        Ok(Err(Err(in_progress())))
    }

    /// Whether the caller chose the key.
    pub fn is_keyed(&self) -> bool {
        self.keyed
    }
}

/// What became of an attempt; nothing if its caller went on waiting.
fn answer(record: &Permit) -> Option<FirstAnswer> {
    match &record.state {
        State::Reserving => Some(Err(in_progress())),
        State::Denied(denial) if denial.ticket.is_some() => None,
        State::Denied(denial) => Some(Err(denial.clone())),
        State::Held | State::Charged(_) | State::Closed { .. } | State::Releasing | State::Released => {
            Some(Ok(Granted::of(record, true)))
        }
    }
}

pub(crate) fn in_progress() -> Denial {
    let message = "A request with this idempotency key is under way.";
    Denial { retry_after_ms: Some(1_000), ..Denial::new(DenialKind::Conflict, "in_progress", message) }
}

/// What is written where an attempt was cut off before anybody had its answer.
pub(crate) fn lost() -> Denial {
    let message = "The first request with this idempotency key was cut off; nothing was reserved. Use a new key.";
    Denial::new(DenialKind::Conflict, "attempt_lost", message)
}

fn attempt_id(asked: &Reservation, key: &str, attempt: u32) -> String {
    let number = attempt.to_string();
    let whose = [asked.tenant.as_str(), &asked.credential, key];
    let parts = if attempt == 0 { whose.to_vec() } else { [&whose[..], &[&number]].concat() };
    format!("lc_{}", digest(&parts))
}

/// The id of a correction. The operator's keys are in a room of their own: what is hashed has fewer parts.
pub(crate) fn correction_id(key: &str, attempt: u32) -> String {
    let room = if attempt == 0 { "correction".to_owned() } else { format!("correction {attempt}") };
    format!("lc_{}", digest(&[&room, key]))
}

/// What makes two requests the same.
fn fingerprint(asked: &Reservation) -> String {
    let session = asked.session.as_deref().unwrap_or_default();
    let mut parts = vec![asked.tenant.as_str(), session, &asked.capability, &asked.provider, &asked.model];
    let units: Vec<String> = asked.worst_case.iter().map(|q| format!("{}={}", q.unit_type, q.units)).collect();
    parts.extend(units.iter().map(String::as_str));
    digest(&parts)
}

/// 26 hex digits over length-prefixed parts.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    hash.finalize().iter().take(13).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
