//! What limits were in force until when, so that an auditor can tell a cap that was crossed from one lowered later.
//!
//! ```text
//!   until 10:00 -- {cap 5} --   until 12:00 -- {cap 20} --   the record: {cap 8}
//! ```
//! A change is remembered *before* the record changes: a crash between leaves an item that says what is still in force,
//! and the next change moves its end. Two operators' changes of one owner at the same moment are as unordered here as
//! in the record itself: the last wins, and limits that held for that moment only may be missing.

use std::ops::Range;

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{Limits, company, find_tenant};

/// The most past limits kept of one owner; before them it says only that there were others.
pub const PAST_KEPT: usize = 64;

/// How long beside its own moment a change may take effect: clocks of several nodes differ, and a call that has read
/// the old limits goes on with them.
const SLACK_MS: u64 = MINUTE;

/// Whose limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A tenant, by its id; it may have been deleted.
    Tenant(&'a str),
    /// A company, by its id; without a record it has no caps.
    Company(&'a str),
}

/// Limits that were in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastLimits {
    /// Until then.
    pub until_ms: Millis,
    /// Absent in the first item of a history that was cut: what held until then is not known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// The highest cap in force at any moment of a window. Ordered: whatever is greater excuses more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Highest {
    /// There was a cap at every moment, never above this.
    Capped(i64),
    /// The window reaches back before what was kept, or its owner has left no trace.
    Unknown,
    /// At some moment there was no cap.
    Unlimited,
}

impl Owner<'_> {
    fn past(self) -> Value<Vec<PastLimits>> {
        match self {
            Self::Tenant(id) => families::LIMITS_PAST.value(&["tenant", id]),
            Self::Company(id) => families::LIMITS_PAST.value(&["company", id]),
        }
    }

    /// `None`: a tenant that doesn't exist.
    fn current(self, store: &dyn Store) -> Result<Option<Limits>, StoreError> {
        match self {
            Self::Tenant(id) => Ok(find_tenant(store, id)?.map(|tenant| tenant.limits)),
            Self::Company(id) => Ok(Some(company(id).get(store)?.unwrap_or_default().limits)),
        }
    }
}

/// The highest cap that `pick` finds in the limits in force at any moment of the window; a `pick` of `None` is no cap.
/// A change within a minute before or after the window counts as inside.
pub fn highest_cap(
    store: &dyn Store,
    owner: Owner<'_>,
    window: &Range<Millis>,
    pick: impl Fn(&Limits) -> Option<i64>,
) -> Result<Highest, StoreError> {
    // The record on both sides of the history: what changes in between is found in one of the three.
    let before = owner.current(store)?;
    let past = owner.past().get(store)?.unwrap_or_default();
    let after = owner.current(store)?;

    let cap = |limits: &Limits| pick(limits).map_or(Highest::Unlimited, Highest::Capped);
    let begins_in_time = |since: Millis| since < window.end.plus(SLACK_MS);
    let mut since = Millis(0);
    let mut highest = None;
    for PastLimits { until_ms, limits } in &past {
        if begins_in_time(since) && until_ms.plus(SLACK_MS) > window.start {
            highest = highest.max(Some(limits.as_ref().map_or(Highest::Unknown, cap)));
        }
        since = *until_ms;
    }
    for limits in [before, after].iter().flatten().filter(|_| begins_in_time(since)) {
        highest = highest.max(Some(cap(limits)));
    }
    Ok(highest.unwrap_or(Highest::Unknown))
}

/// Notes that `old` is in force until now. To be called before the record changes.
pub(crate) fn remember(store: &dyn Store, now: Millis, owner: Owner<'_>, old: &Limits) -> Result<(), StoreError> {
    let mut past = owner.past().get(store)?.unwrap_or_default();
    // A clock that went back must not turn the order round.
    let until_ms = past.last().map_or(now, |last| last.until_ms.max(now));
    match past.last_mut() {
        // Noted before a crash: these limits have been in force ever since.
        Some(last) if last.limits.as_ref() == Some(old) => last.until_ms = until_ms,
        _ => past.push(PastLimits { until_ms, limits: Some(old.clone()) }),
    }
    cut(&mut past);
    owner.past().set(store, &past)
}

/// Forgets the oldest of too many, and keeps until when it is unknown what held.
fn cut(past: &mut Vec<PastLimits>) {
    let is_cut = past.first().is_some_and(|first| first.limits.is_none());
    if past.len() <= PAST_KEPT.saturating_add(usize::from(is_cut)) {
        return;
    }
    if is_cut {
        past.remove(0);
    }
    if let Some(first) = past.first_mut() {
        first.limits = None;
    }
}
