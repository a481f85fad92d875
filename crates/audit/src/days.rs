//! Sums day by day: a tenant's from its totals, the deployment's from what the sequencer keeps of the last ones.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use crate::{
    Entry, Filter, Kind, Scope, Staged, Totals,
    state::{State, all_staged, sequenced_before},
    totals::summed,
};

/// What was settled on each of some UTC days, given by a moment of theirs: everything in the log and everything staged,
/// each entry once. Reads only, two keys for each day of a tenant.
///
/// `None` is a day that nobody knows the sums of: only some of the last days are kept of the deployment as a whole, and
/// those without units.
///
/// # Errors
/// The store can't be reached.
pub fn days(store: &dyn Store, whose: &Filter, days: &[Millis]) -> Result<Vec<Option<Totals>>, StoreError> {
    // Staged first, sums second: see `staged`.
    let (before, waiting) = all_staged(store)?;
    match whose {
        Filter::All => of_all(store, before, waiting, days),
        Filter::Tenant(tenant) => of_tenant(store, tenant, waiting, days),
    }
}

fn of_tenant(
    store: &dyn Store,
    tenant: &str,
    waiting: Vec<Staged>,
    days: &[Millis],
) -> Result<Vec<Option<Totals>>, StoreError> {
    let windows: Vec<String> = days.iter().map(|day| day.day()).collect();
    let mut sums = BTreeMap::new();
    for window in &windows {
        sums.insert(window.clone(), summed(store, Scope::TenantDay, tenant, window)?);
    }
    for Staged { entry, .. } in waiting {
        if entry.kind() == Kind::Money
            && entry.tenant_id == tenant
            && let Some(sums) = sums.get_mut(&entry.at_ms.day())
            && !sequenced_before(store, &entry, sums.next)?
        {
            sums.include(Scope::TenantDay, &entry);
        }
    }
    Ok(windows.iter().map(|window| sums.get(window).cloned()).collect())
}

fn of_all(
    store: &dyn Store,
    before: State,
    waiting: Vec<Staged>,
    days: &[Millis],
) -> Result<Vec<Option<Totals>>, StoreError> {
    // A run that takes over from another may begin a little before where the other has come to: then nothing that was
    // staged behind that has moved, and the sums from before go with it.
    let state = Some(State::load(store)?).filter(|now| now.size >= before.size).unwrap_or(before);
    let mut late: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for Staged { entry, .. } in waiting {
        if entry.kind() == Kind::Money && !sequenced_before(store, &entry, state.size)? {
            late.entry(entry.at_ms.day()).or_default().push(entry);
        }
    }
    let known = |day: &Millis| match &state.recent {
        Some(recent) => recent.of(*day),
        None => (state.size == 0).then(Totals::default),
    };
    let sums = days.iter().map(|day| {
        let mut sums = known(day)?;
        for entry in late.get(&day.day()).into_iter().flatten() {
            sums.include(Scope::TenantDay, entry);
        }
        // Those of the entries with a number aren't known.
        sums.by_capability.values_mut().for_each(|share| share.units.clear());
        Some(sums)
    });
    Ok(sums.collect())
}
