//! What is asked of the limits, and what they give.

use calendar::Millis;
use money::Quantity;

use crate::{
    holds::{Remaining, Rung},
    permit::{Holder, Permit},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Who pays.
    pub tenant: String,
    /// The page's session.
    pub session: Option<String>,
    /// Whose rate counts.
    pub credential: String,
    /// The default rate of the tenant's own servers applies, rather than that of pages.
    pub server: bool,
    /// Who resolves it.
    pub holder: Holder,
    /// One of `tenancy::CAPABILITIES`.
    pub capability: String,
    /// Which vendor.
    pub provider: String,
    /// Which model; may be empty.
    pub model: String,
    /// Where the page lives; may be empty.
    pub channel: String,
    /// The request that asks.
    pub request_id: String,
    /// The most it can use; empty for a lease on a place alone.
    pub worst_case: Vec<Quantity>,
    /// How long it is held when nobody resolves it.
    pub ttl_ms: u64,
    /// The caller's own key.
    pub idempotency_key: Option<String>,
    /// The lease whose place this reservation uses; its expiry moves along.
    pub continues: Option<String>,
    /// Its rate has been counted already, by another reservation of the same request.
    pub counted: bool,
    /// The place in the queue that an earlier try was told ([`Denial::ticket`]).
    pub ticket: Option<u64>,
}

/// A permit as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// `lc_...`
    pub id: String,
    /// How near the cap the tenant is.
    pub rung: Rung,
    /// When the reaper may resolve it.
    pub expires_at: Millis,
    /// What is left.
    pub remaining: Remaining,
    /// Whether this is the answer to an earlier call with the same key.
    pub replayed: bool,
}

impl Granted {
    /// What the holder of this permit is told.
    pub(crate) fn of(record: &Permit, replayed: bool) -> Self {
        Self {
            id: record.id.clone(),
            rung: record.rung,
            expires_at: record.expires_at,
            remaining: record.remaining,
            replayed,
        }
    }
}
