//! A tenant's month entry by entry: what a statement is made of. The sum and the entries are of one moment, so they agree
//! to the last nano-USD.

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use money::Nanos;

use crate::{
    FINAL_AFTER_MS, InvoiceStatus, Item, Kind, Month, Scope,
    list::{missing, numbered},
    places,
    state::{all_staged, sequenced_before},
    totals::{summed, tally},
};

/// A page of a tenant's month, and the sum of all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthPage {
    /// What all its entries cost.
    pub total: Nanos,
    /// How many there are.
    pub entries: u64,
    /// Whether it can still change.
    pub status: InvoiceStatus,
    /// This page's, in the order of the log, then what has no number yet.
    pub items: Vec<Item>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<u64>,
}

/// At most `limit` entries that cost something, or gave something back, from the one after the first `start`. Reads only.
///
/// # Errors
/// The store can't be reached, or the log has a gap.
pub fn month_page(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    month: &Month,
    start: u64,
    limit: usize,
) -> Result<MonthPage, StoreError> {
    // Staged first, sums second: see `staged`.
    let (_, waiting) = all_staged(store)?;
    let sums = summed(store, Scope::Tenant, tenant, month.name())?;
    let (mut total, mut late) = (sums.settled_nanos, Vec::new());
    for staged in waiting {
        let entry = &staged.entry;
        let ours = entry.kind() == Kind::Money
            && entry.tenant_id == tenant
            && Scope::Tenant.window(entry.at_ms) == month.name();
        if ours && !sequenced_before(store, entry, sums.next)? {
            total = total.saturating_add(entry.cost_nanos.0);
            late.push(Item::staged(staged));
        }
    }
    let entries = sums.entries.saturating_add(u64::try_from(late.len()).unwrap_or(u64::MAX));
    let end = entries.min(start.saturating_add(u64::try_from(limit).unwrap_or(u64::MAX)));
    let mut items = Vec::new();
    for n in start..end {
        match n.checked_sub(sums.entries) {
            Some(offset) => {
                items.extend(usize::try_from(offset).ok().and_then(|offset| late.get(offset)).cloned());
            }
            None => {
                let place = tally(Scope::Tenant, tenant, month.name(), n);
                let seq = place.get(store)?.ok_or_else(|| missing(place.key()))?;
                items.push(numbered(store, seq)?.ok_or_else(|| missing(places::entry(seq).key()))?);
            }
        }
    }
    let status = if now >= month.end().plus(FINAL_AFTER_MS) { InvoiceStatus::Final } else { InvoiceStatus::Open };
    Ok(MonthPage { total: Nanos(total), entries, status, items, next: (end < entries).then_some(end) })
}
