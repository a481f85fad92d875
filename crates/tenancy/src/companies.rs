//! Writing a company's record.

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, families};

use crate::{
    Company, Event, Journal, Limits, company, find_tenant,
    past_limits::{Owner, remember},
};

/// The most tenants that are looked at to find out whether a new company can have spent anything.
const MAX_SCAN: u64 = 2_000;

/// Replaces a company's record. Idempotent.
pub fn put_company(store: &dyn Store, now: Millis, next: &Company, journal: &dyn Journal) -> Result<(), StoreError> {
    let record = company(&next.id).get(store)?;
    let limits = record.as_ref().map(|record| record.limits.clone()).unwrap_or_default();
    // What if we crash here? The caps are as they were, and the repeat is noted again.
    if let Some(event) = Event::company_limits_changed(&next.id, &limits, &next.limits) {
        journal.note(&event)?;
    }
    let old = match record {
        Some(old) => Some(old.limits),
        // Until it has a record nothing caps a company. That is worth remembering only if somebody could spend.
        None => may_have_spent(store, &next.id)?.then(Limits::default),
    };
    if let Some(old) = old.filter(|old| *old != next.limits) {
        // What if we crash here? The history says that the old caps held until now, and they still hold: the next
        // change moves that moment.
        remember(store, now, Owner::Company(&next.id), &old)?;
    }
    // One write: the caps are the old ones or the new ones.
    company(&next.id).set(store, next)
}

/// Whether a tenant can have called in this company's name. In doubt, yes.
fn may_have_spent(store: &dyn Store, company: &str) -> Result<bool, StoreError> {
    let log = families::TENANT_LIST.log::<String>(&[]);
    let tail = log.tail(store)?;
    if tail > MAX_SCAN {
        return Ok(true);
    }
    for index in 1..=tail {
        // A deleted tenant's company is not known any more, and one that is being made may be anybody's.
        let Slot::Entry(id) = log.get(store, index)? else {
            return Ok(true);
        };
        if find_tenant(store, &id)?.is_none_or(|tenant| tenant.company == company) {
            return Ok(true);
        }
    }
    Ok(false)
}
