//! The list of tenants, page by page; all of them, or those that somebody looks for.

use kv_schemas::{Slot, Store, StoreError, families};
use serde::Deserialize;

use crate::{Invalid, Tenant, find_tenant, holdings};

/// A page of the list of tenants.
#[derive(Debug, PartialEq)]
pub struct Page {
    /// In the order of their making.
    pub tenants: Vec<Tenant>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<u64>,
}

/// The most places of the list that are looked at for one page: deleted tenants leave holes, and few may be those that are
/// looked for. 10,000 tenants are searched through in four pages; each takes 12 ms on the embedded store and 0.1 s on a Redis
/// beside the gate, for two reads a place.
const MAX_SCAN: u64 = 2_500;
/// The longest text to look for, in characters.
const MAX_TEXT: usize = 100;

/// A text to look for. Upper and lower case are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(String);

/// What of a tenant is looked at: nothing else of the record is built for it.
#[derive(Deserialize)]
struct Names {
    id: String,
    company: String,
    #[serde(default)]
    display_name: String,
}

impl Search {
    /// Reads the parameter `q`.
    ///
    /// # Errors
    /// It is longer than 100 characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > MAX_TEXT {
            return Err(Invalid::new("q", format!("must be at most {MAX_TEXT} characters")));
        }
        Ok(Self(text.to_lowercase()))
    }

    /// Whether it is in the tenant's id, company or display name.
    fn finds(&self, store: &dyn Store, tenant: &str) -> Result<bool, StoreError> {
        let names = families::TENANT.value::<Names>(&[tenant]).get(store)?;
        Ok(names.is_some_and(|Names { id, company, display_name }| {
            [id, company, display_name].iter().any(|name| name.to_lowercase().contains(&self.0))
        }))
    }
}

/// At most `limit` tenants after place `after` (0 for the beginning): all, or those that `search` finds. There may be fewer,
/// even none, though there is more.
///
/// # Errors
/// The store can't be reached.
pub fn list(store: &dyn Store, after: u64, limit: usize, search: Option<&Search>) -> Result<Page, StoreError> {
    let log = families::TENANT_LIST.log::<String>(&[]);
    let tail = log.tail(store)?;
    let end = tail.min(after.saturating_add(MAX_SCAN));
    let mut tenants = Vec::new();
    let mut last = after;
    for index in after.saturating_add(1)..=end {
        if tenants.len() >= limit {
            break;
        }
        last = index;
        let Slot::Entry(id) = log.get(store, index)? else {
            continue;
        };
        if let Some(search) = search
            && !search.finds(store, &id)?
        {
            continue;
        }
        if let Some(tenant) = find_tenant(store, &id)?
            && holdings::listed_at(store, &id)? == Some(index)
        {
            tenants.push(tenant);
        }
    }
    Ok(Page { tenants, next: (last < tail).then_some(last) })
}
