//! What the maintenance does with feeds and endpoints, besides delivering.

use calendar::{MINUTE, Millis};
use kv_schemas::{Log, Store, StoreError, families, sweep};
use tenancy::{endpoint_list, find_endpoint, find_tenant};

use crate::{delivery, feed};

/// Feeds that one run looks at.
const FEEDS: usize = 20;
/// Endpoints that one run looks at.
const ENDPOINTS: usize = 200;
/// After this a line of the list without its endpoint has lost its writer.
const UNWRITTEN_MS: u64 = MINUTE;

/// Forgets what is too old in some feeds; each run goes on with the next.
///
/// # Errors
/// The store can't be reached; the next run goes on.
pub fn tend(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    let (log, head): (Log<String>, _) = (families::FEED_LIST.log(&[]), families::FEED_LIST_HEAD.value(&[]));
    for (place, tenant) in sweep::pending(store, &log, &head, now.0, FEEDS)? {
        if find_tenant(store, &tenant)?.is_some() {
            feed::forget(store, &tenant, now)?;
            delivery::forget_dead(store, &tenant, now)?;
        } else if feed::remove(store, &tenant, now)? && delivery::forget_all(store, &tenant, now)? {
            // What if we crash before this? There is nothing to forget, and it is struck off then.
            log.remove(store, place)?;
        }
    }
    Ok(())
}

/// Tenants that have an endpoint; each run goes on with the next. What removed endpoints left is forgotten.
///
/// # Errors
/// The store can't be reached.
pub fn endpoints(store: &dyn Store, now: Millis) -> Result<Vec<String>, StoreError> {
    let (log, head) = (endpoint_list(), families::ENDPOINT_HEAD.value(&[]));
    let mut found = Vec::new();
    for (place, line) in sweep::pending(store, &log, &head, now.0, ENDPOINTS)? {
        match find_endpoint(store, &line.tenant)? {
            Some(endpoint) if endpoint.listed == place => found.push(line.tenant),
            // Just being set, or its writer died, or it was removed and made anew.
            _ if now.since(line.at) < UNWRITTEN_MS => {}
            Some(_) => log.remove(store, place)?,
            None if delivery::forget(store, &line.tenant, now)? => log.remove(store, place)?,
            None => {}
        }
    }
    Ok(found)
}
