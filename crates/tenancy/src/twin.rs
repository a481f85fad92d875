//! What of a tenant's twin decides who may open and use sessions. It lies in the tenant's record, which is read for every
//! call anyway; the twin's own record is with crate `twins`.
//!
//! Two write the tenant's record: who changes the tenant, and who changes its twin. Each writes all of it, so one could
//! undo the other. For limits and the like the last one wins. A consent that was taken back must stay so:
//!
//! - Of a tenant with a twin both work under [`claim_twin`], one after the other, so that no crash of either leaves what the
//!   other has undone.
//! - What is sealed for a tenant (vendors' keys, the endpoint's secret, names) is changed under the same claim: whoever seals
//!   it anew after a change of the master key reads it and writes it back, and must undo nobody's change.
//! - While the twin is being made there is nobody to wait for yet. The twin's part has a record of its own, which is written
//!   *before* the tenant's, and whoever changes the tenant looks there *after* having written, and writes again until both
//!   say the same.

use calendar::{Millis, SECOND};
use kv_schemas::{Once, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{Claim, WriteError, create::is_gone, find_tenant, tenant};

/// How long a change under the claim may take until everything it does is refused, in milliseconds: callers bring a store that
/// does so.
pub const TWIN_CHANGE_MS: u64 = 4 * SECOND;
/// How long others wait for one that crashed.
const LEASE: u64 = 5 * SECOND;
const _: () = assert!(TWIN_CHANGE_MS < LEASE);

/// To change a tenant's twin, what is sealed for the tenant, or the record of a tenant that has a twin. `None`: somebody else
/// is at it, or crashed at it a moment ago.
///
/// # Errors
/// The store can't be reached.
pub fn claim_twin(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
) -> Result<Option<Claim<impl Fn(&str) -> Once + use<>>>, StoreError> {
    let owner = tenant.to_owned();
    let attempts = move |attempt: &str| families::TWIN_CHANGING.once(&[&owner, attempt]);
    Claim::take(store, families::TWIN_MARK.value(&[tenant]), attempts, now, LEASE)
}

/// Changes something of a tenant under that claim.
pub(crate) fn alone<T>(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    change: impl FnOnce() -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    // What if we crash while holding the claim? The next request waits for the lease, then begins again from the top.
    let claim = claim_twin(store, now, tenant)?.ok_or(WriteError::Busy)?;
    let done = change();
    match done {
        Err(WriteError::Store(_)) => claim.forfeit(store),
        // What if we crash here? It is done; whoever comes next waits for the lease.
        _ => claim.release(store)?,
    }
    done
}

/// See the module's description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinAccess {
    /// `MTID#XXXX-YYYY-ZZZZ`
    pub id: String,
    /// Why no session is opened: `consent_revoked`, `twin_retired`; absent while the twin may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Whether pages may open sessions: it is deployed to production. The tenant's server may before.
    #[serde(default)]
    pub pages: bool,
    /// Sessions that were opened up to this moment are over.
    #[serde(default)]
    pub revoked_before: Millis,
}

impl TwinAccess {
    /// A twin that is not deployed, and open to the tenant's server.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), closed: None, pages: false, revoked_before: Millis(0) }
    }

    /// Whether a session that was opened then is over.
    #[must_use]
    pub fn has_ended(&self, opened_at: Millis) -> bool {
        self.closed.is_some() || opened_at <= self.revoked_before
    }
}

pub(crate) fn access(tenant: &str) -> Value<TwinAccess> {
    families::TWIN_ACCESS.value(&[tenant])
}

/// What holds for a tenant's twin; `None` of a tenant without one.
///
/// # Errors
/// The store can't be reached.
pub fn twin_access(store: &dyn Store, tenant: &str) -> Result<Option<TwinAccess>, StoreError> {
    access(tenant).get(store)
}

/// Says what holds for a tenant's twin from now on. For one caller at a time. Idempotent.
///
/// # Errors
/// There is no such tenant, or the store failed: the same again completes it.
pub fn set_twin_access(store: &dyn Store, id: &str, next: &TwinAccess) -> Result<(), WriteError> {
    // What if we crash here? The tenant's record says what was before, until it is changed or this is done again.
    access(id).set(store, next)?;
    let Some(mut record) = find_tenant(store, id)? else {
        access(id).delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    };
    // From here on it holds: whoever opens or uses a session reads this record.
    if record.twin.as_ref() != Some(next) {
        record.twin = Some(next.clone());
        tenant(id).set(store, &record)?;
    }
    // Deleted meanwhile? Then what was just written goes again.
    if is_gone(store, id)? {
        tenant(id).delete(store)?;
        access(id).delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    }
    Ok(())
}
