//! A batch of entries on their way into the log, with what is summed up over them.
//!
//! Which entry gets which number is decided before a batch begins, so two runs that overlap write the same bytes under
//! the same keys: entries, their indexes and the lists by tenant and scope are each written with one value only, however
//! often and late. Counts and sums change as the log grows; each names the position it is right for, and is brought up
//! to date from the lists by whoever reads it.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use crate::{
    Entry, Kind, Scope, SettledTotal, Staged, Totals, places,
    places::TenantCount,
    recent::Recent,
    state::State,
    totals::{place, summed, tally},
};

/// Entries on their way into the log, with what is summed up over them.
pub(crate) struct Batch {
    /// The next sequence number.
    pub size: u64,
    /// What all entries up to there come to.
    pub settled: SettledTotal,
    /// And day by day.
    pub recent: Option<Recent>,
    now: Millis,
    counts: BTreeMap<String, TenantCount>,
    totals: BTreeMap<(Scope, String, String), Totals>,
}

impl Batch {
    /// One that goes on where `state` stands.
    pub fn after(state: &State, now: Millis) -> Self {
        let (settled, recent) = (state.settled.clone(), state.recent.clone());
        Self { size: state.size, settled, recent, now, counts: BTreeMap::new(), totals: BTreeMap::new() }
    }

    /// Gives an entry its number, unless it has one.
    pub fn take(&mut self, store: &dyn Store, staged: Staged) -> Result<(), StoreError> {
        let Staged { entry, opening } = staged;
        let seq = self.size;
        let entry_of = places::entry_of(&entry.limit_check_id);
        // An earlier number means a repeat; this very number means that another run came this far.
        let numbered = entry_of.get(store)?;
        if numbered.is_some_and(|earlier| earlier < seq) {
            return Ok(());
        }
        // Erasing never meets a run that is this late: what is erased was in the log two looks ago, longer than a run
        // lasts (see `still`).
        // And whoever wrote the index below has written this first.
        if let Some(opening) = opening.filter(|_| numbered.is_none()) {
            places::personal(seq).set(store, &opening)?;
        }
        // The entry before its index: whoever finds the index finds the entry.
        places::entry(seq).set(store, &entry)?;
        entry_of.set(store, &seq)?;
        // What operators do for the whole deployment is no tenant's.
        if !entry.tenant_id.is_empty() {
            self.count(store, &entry.tenant_id, seq)?;
        }
        // Events cost nothing and are no use.
        let scopes = if entry.kind() == Kind::Money { Scope::ALL.as_slice() } else { &[] };
        for scope in scopes.iter().copied() {
            self.sum(store, scope, seq, &entry)?;
        }
        self.settled.count(&entry);
        self.recent.get_or_insert_with(|| Recent::begun(seq, self.now)).count(&entry);
        self.size = seq.saturating_add(1);
        Ok(())
    }

    fn count(&mut self, store: &dyn Store, tenant: &str, seq: u64) -> Result<(), StoreError> {
        let mut known = match self.counts.get(tenant) {
            Some(known) => *known,
            None => places::counted(store, tenant)?,
        };
        // Below `next`: another run has listed it.
        if seq >= known.next {
            places::tenant_entry(tenant, known.count).set(store, &seq)?;
            known = TenantCount { count: known.count.saturating_add(1), next: seq.saturating_add(1) };
        }
        self.counts.insert(tenant.to_owned(), known);
        Ok(())
    }

    fn sum(&mut self, store: &dyn Store, scope: Scope, seq: u64, entry: &Entry) -> Result<(), StoreError> {
        let key = (scope, scope.owner(entry).to_owned(), scope.window(entry.at_ms));
        if !self.totals.contains_key(&key) {
            let sums = summed(store, scope, &key.1, &key.2)?;
            self.totals.insert(key.clone(), sums);
        }
        let (_, owner, window) = &key;
        let place = |n| tally(scope, owner, window, n);
        let sums = self.totals.entry(key.clone()).or_default();
        // Below `next`: another run has listed it.
        if seq >= sums.next {
            place(sums.entries).set(store, &seq)?;
            sums.add(scope, seq, entry);
        }
        Ok(())
    }

    /// Saves counts and sums. What if we crash before or in here? They are caught up with from the lists.
    pub fn commit(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for (tenant, count) in std::mem::take(&mut self.counts) {
            places::tenant_count(&tenant).set(store, &count)?;
        }
        for ((scope, owner, window), totals) in std::mem::take(&mut self.totals) {
            place(scope, &owner, &window).set(store, &totals)?;
        }
        Ok(())
    }
}
