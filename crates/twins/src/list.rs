//! All twins, page by page; and one by any of its names.

use std::rc::Rc;

use kv_schemas::{Slot, Store, StoreError, families};

use crate::{LinkOwner, Mtid, Twin, find_owner, find_twin};

/// The most places of the list that are looked at for one page: tenants that are gone leave holes.
const MAX_SCAN: u64 = 2_000;

/// A page of the list of twins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In the order of their making, retired ones too.
    pub twins: Vec<Rc<Twin>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<u64>,
}

/// At most `limit` twins after place `after` (0 for the beginning).
///
/// # Errors
/// The store can't be reached.
pub fn list(store: &dyn Store, after: u64, limit: usize) -> Result<Page, StoreError> {
    let log = families::TWIN_LIST.log::<String>(&[]);
    let tail = log.tail(store)?;
    let end = tail.min(after.saturating_add(MAX_SCAN));
    let mut twins = Vec::new();
    let mut last = after;
    for index in after.saturating_add(1)..=end {
        if twins.len() >= limit {
            break;
        }
        last = index;
        let Slot::Entry(tenant) = log.get(store, index)? else {
            continue;
        };
        twins.extend(find_twin(store, &tenant)?.filter(|twin| twin.listed == index));
    }
    Ok(Page { twins, next: (last < tail).then_some(last) })
}

/// Whose twin is meant: by the twin's id, or by its tenant's. A tenant may have an id that looks like a twin's; the twin
/// goes first.
///
/// # Errors
/// The store can't be reached.
pub fn named(store: &dyn Store, name: &str) -> Result<Option<Rc<Twin>>, StoreError> {
    let name = name.replace("%23", "#");
    let tenant = match name.parse::<Mtid>() {
        Ok(id) => find_owner(store, id)?.map_or_else(|| (name, None), |tenant| (tenant, Some(id))),
        Err(_) => (name, None),
    };
    let (tenant, id) = tenant;
    // An id that was drawn and never came to be a twin is nobody's.
    Ok(find_twin(store, &tenant)?.filter(|twin| id.is_none_or(|id| twin.id == id)))
}

/// The twin of a link's owner.
///
/// # Errors
/// The store can't be reached.
pub fn owned(store: &dyn Store, owner: &LinkOwner) -> Result<Option<Rc<Twin>>, StoreError> {
    match owner {
        LinkOwner::Twin(id) => named(store, &id.code()),
        LinkOwner::Tenant(tenant) => find_twin(store, tenant),
    }
}
