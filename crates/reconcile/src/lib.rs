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

mod caps;
mod compare;
mod keys;
mod lists;
mod log;
mod names;
pub mod outside;
mod permits;
mod report;
mod standing;
mod window;

use calendar::Millis;
use kv_schemas::{Store, StoreError};

pub use keys::{concerns, place_of};
pub use report::{Counts, Finding, Report, Severity, Window};

use keys::Keys;
use log::Log;
use permits::Permits;
use standing::Standings;

/// Checks a store whose keys are `keys`; those it doesn't know are passed over. Reads only: a counter is read by adding 0.
///
/// On a store that is written meanwhile a difference may be due to that alone: who sees one looks again.
///
/// # Errors
/// The store can't be reached. What is there and can't be read is a finding.
pub fn check(store: &dyn Store, now: Millis, keys: impl Iterator<Item = String>) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let keys = Keys::sort(keys);
    let permits = Permits::read(store, &keys, &mut report)?;
    let log = Log::read(store, &keys, &mut report)?;

    log.check(&mut report);
    lists::check(store, &keys, &log, &mut report)?;
    permits.check(store, &log, &mut report)?;
    let standings = Standings::of(&permits, &log);
    compare::check(store, now, &keys, &standings, &mut report)?;
    caps::check(store, now, &standings, &mut report)?;

    report.counts.tenants = count(log.tenants(&keys).len());
    report.counts.entries = count(log.len());
    report.counts.settled = log.settled();
    report.counts.permits = count(permits.len());
    report.counts.open_permits = count(permits.open());
    Ok(report.sorted())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
