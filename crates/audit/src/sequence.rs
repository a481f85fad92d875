//! The sequencer: gives staged entries their place in the log. There is exactly one at a time.
//!
//! A run takes staged entries in order from where the last run ended. The order of effects is: the entries and their
//! indexes, the counts and totals, the state, and last the removal of the stage slots. Until the state is saved the
//! slots stay as they are, so a run that crashed is repeated by the next and writes the same bytes.

use std::collections::BTreeMap;

use calendar::{Millis, SECOND};
use kv_schemas::{Slot, Store, StoreError};

use crate::{
    Entry, places,
    places::TenantCount,
    state::{Hole, State},
    totals::{Scope, Totals, place},
};

/// How long a writer may take between taking a stage index and writing the slot.
pub const GRACE_MS: u64 = 30 * SECOND;

/// How far the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries in the log.
    pub size: u64,
    /// Stage slots that wait for their turn.
    pub staged: u64,
}

/// Gives at most `limit` staged entries their place. To be called by one caller at a time; safe to repeat.
///
/// # Errors
/// The store can't be reached. Nothing is lost: the next run continues.
pub fn sequence(store: &dyn Store, now: Millis, limit: u32) -> Result<Progress, StoreError> {
    let mut state = State::load(store)?;
    let before = state.clone();
    rescue(store, &mut state)?;
    let tail = places::stage().tail(store)?;
    let last = tail.min(state.next_stage.saturating_add(u64::from(limit)).saturating_sub(1));
    let mut batch = Batch::new(state.size);
    while state.next_stage <= last {
        let index = state.next_stage;
        match places::stage().get(store, index)? {
            Slot::Entry(entry) => batch.take(store, entry)?,
            Slot::Hole => {
                let known = state.hole.filter(|hole| index <= hole.through);
                let hole = known.unwrap_or(Hole { through: tail, first_seen: now });
                state.hole = Some(hole);
                if now.since(hole.first_seen) <= GRACE_MS {
                    // The writer may still come. Nothing behind the hole is taken, or it would lose its order.
                    break;
                }
                // That the hole is void is saved before anything behind it gets a number: were it forgotten in a crash
                // and the slot filled by then, the repeat would number the entries differently.
                batch.commit(store)?;
                state.size = batch.size;
                state.voids.push(index);
                pass(&mut state);
                state.save(store)?;
                continue;
            }
        }
        pass(&mut state);
    }
    // What if we crash in here? Each total knows how far it has counted, so the repeat adds nothing twice.
    batch.commit(store)?;
    state.size = batch.size;
    // What if we crash before this? The next run repeats this one from the same slots: same numbers, same bytes.
    if state != before {
        state.save(store)?;
    }
    sweep(store, &mut state)?;
    Ok(Progress { size: state.size, staged: tail.saturating_add(1).saturating_sub(state.next_stage) })
}

fn pass(state: &mut State) {
    state.next_stage = state.next_stage.saturating_add(1);
    state.hole = state.hole.filter(|hole| state.next_stage <= hole.through);
}

/// Looks once more at the holes that the last run passed over: a writer that was late by a moment may have written the
/// slot just before that was saved, and found nothing wrong. Such an entry is staged again, at the end.
fn rescue(store: &dyn Store, state: &mut State) -> Result<(), StoreError> {
    for index in std::mem::take(&mut state.voids) {
        if let Slot::Entry(entry) = places::stage().get(store, index)? {
            // What if we crash after this? The state still names the void, so the entry is staged once more, and the
            // second copy is dropped.
            places::stage().append(store, &entry)?;
            places::stage().remove(store, index)?;
        }
    }
    Ok(())
}

/// Removes the slots that are dealt with, except fresh voids, which [`rescue`] has yet to look at.
fn sweep(store: &dyn Store, state: &mut State) -> Result<(), StoreError> {
    if state.swept == state.next_stage {
        return Ok(());
    }
    for index in state.swept..state.next_stage {
        if !state.voids.contains(&index) {
            places::stage().remove(store, index)?;
        }
    }
    // What if we crash before this? The slots are removed once more.
    state.swept = state.next_stage;
    state.save(store)
}

/// Entries on their way into the log, with what is summed up over them.
struct Batch {
    size: u64,
    counts: BTreeMap<String, TenantCount>,
    totals: BTreeMap<(Scope, String, String), Totals>,
}

impl Batch {
    fn new(size: u64) -> Self {
        Self { size, counts: BTreeMap::new(), totals: BTreeMap::new() }
    }

    fn take(&mut self, store: &dyn Store, entry: Entry) -> Result<(), StoreError> {
        let seq = self.size;
        let entry_of = places::entry_of(&entry.limit_check_id);
        // An earlier number means a repeat; this very number means that a crashed run came this far.
        if entry_of.get(store)?.is_some_and(|earlier| earlier < seq) {
            return Ok(());
        }
        // The entry before its index: whoever finds the index finds the entry.
        places::entry(seq).set(store, &entry)?;
        entry_of.set(store, &seq)?;
        self.count(store, &entry.tenant_id, seq)?;
        for scope in Scope::ALL {
            self.total(store, scope, &entry)?.add(seq, &entry);
        }
        self.size = seq.saturating_add(1);
        Ok(())
    }

    fn count(&mut self, store: &dyn Store, tenant: &str, seq: u64) -> Result<(), StoreError> {
        let mut known = match self.counts.get(tenant) {
            Some(known) => *known,
            None => places::tenant_count(tenant).get(store)?.unwrap_or_default(),
        };
        // Below `next`: a crashed run has counted and indexed it.
        if seq >= known.next {
            places::tenant_entry(tenant, known.count).set(store, &seq)?;
            known = TenantCount { count: known.count.saturating_add(1), next: seq.saturating_add(1) };
        }
        self.counts.insert(tenant.to_owned(), known);
        Ok(())
    }

    fn total(&mut self, store: &dyn Store, scope: Scope, entry: &Entry) -> Result<&mut Totals, StoreError> {
        let key = (scope, scope.owner(entry).to_owned(), scope.window(entry.at_ms));
        if !self.totals.contains_key(&key) {
            let stored = place(scope, &key.1, &key.2).get(store)?.unwrap_or_default();
            self.totals.insert(key.clone(), stored);
        }
        Ok(self.totals.entry(key).or_default())
    }

    fn commit(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for (tenant, count) in std::mem::take(&mut self.counts) {
            places::tenant_count(&tenant).set(store, &count)?;
        }
        for ((scope, owner, window), totals) in std::mem::take(&mut self.totals) {
            place(scope, &owner, &window).set(store, &totals)?;
        }
        Ok(())
    }
}
