//! Forgetting one session before its day is over: somebody wants their data erased.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError};

use crate::{find, record};

/// What was told of its end is on its way for so long at most: into the log, and to whoever listens.
const TOLD_MS: u64 = 30 * SECOND;

/// Whether a session has ended, and all that there is to tell of it has been told; or whether nothing is known of it.
///
/// # Errors
/// The store can't be reached.
pub fn is_over(store: &dyn Store, id: &str, now: Millis) -> Result<bool, StoreError> {
    match record::ending(id).get(store)? {
        Some(ending) => Ok(!ending.untold && now.since(ending.at) >= TOLD_MS),
        // Also one whose time is up, until the sweep has come by and told of it.
        None => Ok(find(store, id)?.is_none()),
    }
}

/// Forgets a tenant's session that is over. Idempotent. Its place in the list stays for a day, with nothing behind it.
///
/// # Errors
/// The store can't be reached: do it again.
pub fn forget(store: &dyn Store, tenant: &str, id: &str) -> Result<(), StoreError> {
    if find(store, id)?.is_none_or(|session| session.tenant != tenant) {
        return Ok(());
    }
    record::due(id).delete(store)?;
    record::ending(id).delete(store)?;
    record::ender(id).retire(store)?;
    // Last, since it says whose it is. What if we crash before? It looks like one that has expired; the repeat goes on.
    record::session(id).delete(store)
}
