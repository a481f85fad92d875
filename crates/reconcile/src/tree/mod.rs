//! The log's Merkle tree, worked out anew from the entries and compared with all that is stored of it.
//!
//! Entries, tiles and checkpoints say the same thing three times. Where one of them says something else than the two
//! others, it is the one that was altered, and it is named. A checkpoint from before tells whether all three were.

mod compare;
mod leaves;
pub mod outside;
mod personal;
mod rows;
mod seen;
mod stored;

use kv_schemas::{Store, StoreError};
use tlog::Checkpoint;

use crate::{
    keys::Keys,
    log::Log,
    report::{Report, Severity},
    state::State,
};
use rows::Rows;
use seen::Shown;
pub use seen::{Seen, Trust, key_id};
use stored::Stored;

pub(crate) fn check(
    store: &dyn Store,
    keys: &Keys,
    log: &Log,
    state: &State,
    trust: &Trust,
    report: &mut Report,
) -> Result<(), StoreError> {
    let stored = Stored::read(store, keys, log, trust.key.as_ref(), report)?;
    let end = log.numbered.keys().next_back().map_or(0, |last| last.saturating_add(1));
    let hashed = |seq| log.numbered.get(&seq).map(|entry| tlog::leaf_hash(&entry.leaf()));
    let entries = Rows::of((0..end).map(hashed).collect());

    let leaves = match stored.newest() {
        Some((n, signed)) => {
            let leaves = leaves::vouched_for(n, signed, &entries, &stored, report);
            compare::entries(log, signed.says.size, &leaves, report);
            compare::checkpoints(log, &stored, &leaves, report);
            let Checkpoint { origin, size, .. } = &signed.says;
            trust.compare(&Shown { origin, key: trust.key.as_ref(), size: *size }, |size| leaves.root(size), report);
            report.checkpoint = Some(signed.note.clone());
            leaves
        }
        None => {
            trust.nothing_left(report);
            entries
        }
    };
    compare::tiles(&stored, &leaves, report);
    state.agrees_with(&sizes(&stored), report);
    canonical(store, log, report)?;
    personal::check(store, keys, log, report)?;
    remarks(&stored, log, state, report);
    Ok(())
}

/// Checkpoints by number, with their sizes.
fn sizes(stored: &Stored) -> std::collections::BTreeMap<u64, u64> {
    stored.checkpoints.iter().map(|(n, signed)| (*n, signed.says.size)).collect()
}

/// An entry's bytes are what proofs are over: what is added to them without a meaning is a change, too.
fn canonical(store: &dyn Store, log: &Log, report: &mut Report) -> Result<(), StoreError> {
    for (seq, entry) in &log.numbered {
        let value = kv_schemas::families::ENTRY.value::<audit::Entry>(&[&seq.to_string()]);
        if store.get(value.key())?.is_some_and(|bytes| bytes != entry.canonical()) {
            let sentence = format!("Entry {seq} of the log is not written as entries are: something was added to it.");
            report.differs("not_canonical", format!("log, number {seq}"), (), sentence);
        }
    }
    Ok(())
}

/// What is no difference, and worth knowing.
fn remarks(stored: &Stored, log: &Log, state: &State, report: &mut Report) {
    let size = stored.newest().map_or(0, |(_, signed)| signed.says.size);
    if let Some(frozen) = state.frozen.filter(|frozen| *frozen > size) {
        let sentence =
            format!("A checkpoint of {frozen} entries is being made; the next run of the sequencer ends it.");
        report.add(Severity::Note, "unfinished_checkpoint", "log", (), sentence);
    } else if log.size > size {
        let sentence = format!("{} entries of the log wait for the next checkpoint.", log.size.saturating_sub(size));
        report.add(Severity::Note, "before_checkpoint", "log", (), sentence);
    }
}
