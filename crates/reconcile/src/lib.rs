//! Reconciliation: proves for every tenant, company and window that counters, permits and the log agree.
//!
//! ```text
//! settled  = what the log's entries come to, added up here, entry by entry
//! held     = what permits hold that are not resolved yet
//! counter  = settled + held            nothing lost, nothing made up
//! settled + held <= the highest cap in force in that window, but for recorded overruns
//! ```
//! [`check`] reads a whole store and says where that doesn't hold, in words; it writes nothing. What a crash or a call
//! under way explains is said as well, but is no difference: a counter may be too high until the reaper counts anew,
//! never too low. [`outside`] checks what can be seen over HTTP.
//!
//! It also works the log's Merkle tree out anew, and compares it with its tiles and signed checkpoints (module `tree`).

mod caps;
mod compare;
mod counts;
mod invoiced;
mod keys;
mod lists;
mod log;
mod names;
pub mod outside;
mod permits;
mod reading;
mod report;
mod sequencer;
mod shape;
mod standing;
mod state;
mod tree;
mod window;

use calendar::Millis;
use kv_schemas::{Store, StoreError};

pub use keys::{concerns, place_of};
pub use report::{Counts, Finding, Report, Severity, Window};
pub use tree::{Seen, Trust, key_id};

use keys::Keys;
use log::Log;
use permits::Permits;
use standing::Standings;
use state::State;

/// Checks a store whose keys are `keys`; those it doesn't know are passed over. Reads only: a counter is read by adding 0.
///
/// On a store that is written meanwhile a difference may be due to that alone: who sees one looks again.
///
/// # Errors
/// The store can't be reached. What is there and can't be read is a finding.
pub fn check(store: &dyn Store, now: Millis, keys: impl Iterator<Item = String>) -> Result<Report, StoreError> {
    check_knowing(store, now, keys, &Trust::default())
}

/// The same, with the log's key and a checkpoint of it that was seen before.
///
/// # Errors
/// As [`check`].
pub fn check_knowing(
    store: &dyn Store,
    now: Millis,
    keys: impl Iterator<Item = String>,
    trust: &Trust,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let keys = Keys::sort(keys);
    let permits = Permits::read(store, &keys, &mut report)?;
    let state = State::read(store, &keys, &mut report)?;
    let log = Log::read(store, &keys, &state, &mut report)?;

    log.check(&mut report);
    state.check(store, &keys, &log, &mut report)?;
    lists::check(store, &keys, &log, &mut report)?;
    counts::check(store, &keys, &log, &mut report)?;
    tree::check(store, &keys, &log, &state, trust, &mut report)?;
    permits.check(store, &log, &mut report)?;
    let standings = Standings::of(&permits, &log);
    compare::check(store, now, &keys, &standings, &mut report)?;
    permits.missing(store, &keys, &mut report)?;
    caps::check(store, now, &standings, &mut report)?;

    report.counts.tenants = count(log.tenants(&keys).len());
    report.counts.entries = count(log.len());
    report.counts.settled = log.settled();
    report.counts.permits = count(permits.len());
    report.counts.open_permits = count(permits.open());
    Ok(report.sorted())
}

/// The log's checkpoints in a store whose keys are `keys`, the newest first: signed notes, which nobody has checked.
///
/// # Errors
/// The store can't be reached.
pub fn checkpoints(store: &dyn Store, keys: impl Iterator<Item = String>) -> Result<Vec<String>, StoreError> {
    let numbers = Keys::sort(keys.filter(|key| key.starts_with("checkpoint/"))).checkpoints;
    let mut notes = Vec::new();
    for n in numbers.iter().rev() {
        match kv_schemas::families::CHECKPOINT.value::<String>(&[&n.to_string()]).get(store) {
            Ok(note) => notes.extend(note.filter(|note| tlog::Checkpoint::unverified(note).is_ok())),
            Err(StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(notes)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
