//! Reading the sums of a scope and window: the stored ones, brought up to date with what the log has beyond them.

use kv_schemas::{Store, StoreError, Value, families};

use crate::{
    Kind, Scope, Staged, Totals,
    list::missing,
    places,
    state::{all_staged, sequenced_before},
};

/// The latest sums: the stored ones, and what the scope's tally has beyond them. A run that crashed leaves a tally that
/// is ahead; one that was replaced may even write older sums over newer ones.
pub(crate) fn summed(store: &dyn Store, scope: Scope, owner: &str, window: &str) -> Result<Totals, StoreError> {
    let mut sums = place(scope, owner, window).get(store)?.unwrap_or_default();
    while let Some(seq) = tally(scope, owner, window, sums.entries).get(store)? {
        let place = places::entry(seq);
        let entry = place.get(store)?.ok_or_else(|| missing(place.key()))?;
        sums.add(scope, seq, &entry);
    }
    Ok(sums)
}

/// The position in the log of a scope's entry number `n`, from 0. Written once, so no run can take it back.
pub(crate) fn tally(scope: Scope, owner: &str, window: &str, n: u64) -> Value<u64> {
    families::TALLY.value(&[scope.name(), owner, window, &n.to_string()])
}

pub(crate) fn place(scope: Scope, owner: &str, window: &str) -> Value<Totals> {
    families::TOTALS.value(&[scope.name(), owner, window])
}

/// What `owner` has settled in `window` (see [`Scope::window`]): everything in the log and everything staged, each
/// entry once. Reads only.
///
/// # Errors
/// The store can't be reached.
pub fn totals(store: &dyn Store, scope: Scope, owner: &str, window: &str) -> Result<Totals, StoreError> {
    Ok(gathered(store, scope, owner, window)?.0)
}

/// As [`totals`], and how many of the entries have no number yet.
pub(crate) fn gathered(
    store: &dyn Store,
    scope: Scope,
    owner: &str,
    window: &str,
) -> Result<(Totals, u64), StoreError> {
    // Staged first, sums second: see `staged`.
    let (_, waiting) = all_staged(store)?;
    let mut sums = summed(store, scope, owner, window)?;
    let (numbered, counted) = (sums.entries, sums.next);
    for Staged { entry, .. } in waiting {
        let ours = entry.kind() == Kind::Money && scope.owner(&entry) == owner && scope.window(entry.at_ms) == window;
        if ours && !sequenced_before(store, &entry, counted)? {
            sums.include(scope, &entry);
        }
    }
    let waiting = sums.entries.saturating_sub(numbered);
    Ok((sums, waiting))
}
