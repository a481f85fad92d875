//! Going through the twins, the newest first, a bounded number of places at a time.

use std::rc::Rc;

use kv_schemas::{Slot, Store, StoreError, families};
use tenancy::find_tenant;
use twins::{Twin, find_twin};

/// What one walk has found.
#[derive(Default)]
pub struct Walk {
    /// Twins that aren't retired, with their places.
    pub twins: Vec<(u64, Rc<Twin>)>,
    /// Where to go on: before this place. `None` at the end.
    pub next: Option<u64>,
}

/// Goes back from before place `before` (from the newest, where there is none), over at most `places`, until it has found
/// `most` twins, of one company or of all.
pub fn walk(
    store: &dyn Store,
    company: Option<&str>,
    before: Option<u64>,
    places: u64,
    most: usize,
) -> Result<Walk, StoreError> {
    let log = families::TWIN_LIST.log::<String>(&[]);
    let last = match before {
        Some(before) => before.saturating_sub(1).min(log.tail(store)?),
        None => log.tail(store)?,
    };
    let first = last.saturating_sub(places).saturating_add(1);
    let mut found = Walk::default();
    for index in (first..=last).rev() {
        if found.twins.len() >= most {
            found.next = Some(index.saturating_add(1));
            return Ok(found);
        }
        let Slot::Entry(tenant) = log.get(store, index)? else { continue };
        let Some(twin) = find_twin(store, &tenant)? else { continue };
        // The tenant may be listed twice, and is this twin's in one place only.
        if twin.retired_at.is_some() || twin.listed != index {
            continue;
        }
        if let Some(company) = company
            && find_tenant(store, &tenant)?.is_none_or(|tenant| tenant.company != company)
        {
            continue;
        }
        found.twins.push((index, twin));
    }
    found.next = (first > 1).then_some(first);
    Ok(found)
}
