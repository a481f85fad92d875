//! What the whole log has settled, of all tenants and since ever: for metrics and snapshots.
//!
//! It is a part of the sequencer's state, so it is always right for the size that stands beside it: entries that a run has
//! numbered and not announced are numbered once more by the next, which counts from the same state.

use std::collections::BTreeMap;

use kv_schemas::{Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::{Entry, Kind, Progress, sequence::progress_at, state::State};

/// Sums over all entries that have a number. In a log that was begun by a release without them, those since it was left.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SettledTotal {
    /// Entries by [`Kind::name`].
    pub entries: BTreeMap<String, u64>,
    /// What was charged, in nano-USD, by capability. Only grows.
    pub charged: BTreeMap<String, i64>,
    /// What corrections have given back, in nano-USD. Only grows.
    pub credited: i64,
}

impl SettledTotal {
    /// Counts an entry that is getting its number.
    pub(crate) fn count(&mut self, entry: &Entry) {
        let kind = entry.kind();
        let entries = self.entries.entry(kind.name().to_owned()).or_default();
        *entries = entries.saturating_add(1);
        if kind != Kind::Money {
            return;
        }
        let nanos = entry.cost_nanos.0;
        if nanos < 0 {
            self.credited = self.credited.saturating_sub(nanos);
        } else {
            let charged = self.charged.entry(entry.capability.clone()).or_default();
            *charged = charged.saturating_add(nanos);
        }
    }

    /// What was charged less what was given back, in nano-USD.
    #[must_use]
    pub fn nanos(&self) -> i64 {
        self.charged.values().fold(0_i64, |sum, nanos| sum.saturating_add(*nanos)).saturating_sub(self.credited)
    }
}

/// How far the log is, and what its entries come to. Reads only, as much for a log of any size.
///
/// # Errors
/// The store can't be reached.
pub fn settled(store: &dyn Store) -> Result<(Progress, SettledTotal), StoreError> {
    let state = State::load(store)?;
    Ok((progress_at(store, &state)?, state.settled))
}
