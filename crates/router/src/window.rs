//! Sliding window: a tenant's last 64 decisions in a ring of numbered keys, and a summary of them in one.
//!
//! ```text
//!   route-count/{tenant}         counts decisions; a decision's slot is its number modulo 64
//!   route-ring/{tenant}/{slot}   the decision
//!   route-summary/{tenant}       what the ring came to when it was last summed up; all that readers read
//! ```
//! Every eighth decision sums the ring up, and so does each in which a vendor failed: a failure is seen by the next
//! call, the rest a few calls late. What is older than [`KEPT_MS`] doesn't count.
//!
//! # Two at once
//! Each has a number of its own, hence a slot of its own, unless one is so slow that 64 others pass it: then its older
//! decision stands in place of a newer one, until the ring comes round. A summary that was slow replaces a newer one,
//! until the next. A number without a decision (a crash between the two operations, or a lost reply) leaves in its slot
//! what was there 64 decisions ago, which counts a little longer, or nothing. All of it is statistics of a window that
//! is never sharp, and gone when the window has passed.

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::Summary;

/// How many decisions count.
pub const SLOTS: u64 = 64;
/// How long a decision counts.
pub const KEPT_MS: u64 = 15 * MINUTE;
/// The summary is made anew by every decision whose number this divides.
const SUMMED_UP_EVERY: u64 = 8;
/// The rung of the static template, which answers when nobody else does.
pub const TEMPLATE: u8 = 255;

/// What became of one decision: who was tried, who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// `provider/model` that was tried last; of no meaning with the template's rung.
    pub candidate: String,
    /// Those that were tried before it, and failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_before: Vec<String>,
    /// From its call to its first byte, in milliseconds.
    pub latency_ms: u64,
    /// Whether `candidate` answered.
    pub ok: bool,
    /// How long the decision itself took, in microseconds.
    pub decision_us: u64,
    /// Where on the ladder of this call it stood: 0 is the first choice, [`TEMPLATE`] the static template.
    pub rung: u8,
    /// When.
    pub at: Millis,
}

impl Observation {
    /// Whether a model answered. (The template's text is no success.)
    #[must_use]
    pub fn answered(&self) -> bool {
        self.ok && self.rung != TEMPLATE
    }

    fn has_failure(&self) -> bool {
        !self.answered() || !self.failed_before.is_empty()
    }
}

/// A decision with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Counted from 1.
    pub number: u64,
    /// What became of it.
    #[serde(flatten)]
    pub observation: Observation,
}

fn slot(tenant: &str, number: u64) -> Value<Numbered> {
    let slot = number.checked_rem(SLOTS).unwrap_or(0);
    families::ROUTE_RING.value(&[tenant, &slot.to_string()])
}

fn stored_summary(tenant: &str) -> Value<Summary> {
    families::ROUTE_SUMMARY.value(&[tenant])
}

/// Notes a decision: an increment and a `set`; with a failure, and every eighth time, 64 `get`s and a `set` more.
///
/// Call it when the page has its answer; nothing waits for it.
///
/// # Errors
/// The store can't be reached: the decision may not count.
pub fn record(store: &dyn Store, tenant: &str, observation: Observation) -> Result<(), StoreError> {
    let now = observation.at;
    let sums_up = observation.has_failure();
    let number = u64::try_from(families::ROUTE_COUNT.counter(&[tenant]).add(store, 1)?).unwrap_or(0);
    // What if we crash here? The slot keeps what it has.
    slot(tenant, number).set(store, &Numbered { number, observation })?;
    // What if we crash here? The decision is in the ring, and in the summary of whoever makes it next.
    if sums_up || number.checked_rem(SUMMED_UP_EVERY) == Some(0) {
        stored_summary(tenant).set(store, &Summary::of(&ring(store, tenant)?, now))?;
    }
    Ok(())
}

/// What is in the ring, in no order.
fn ring(store: &dyn Store, tenant: &str) -> Result<Vec<Numbered>, StoreError> {
    let slots = (0..SLOTS).map(|number| slot(tenant, number).get(store));
    slots.filter_map(Result::transpose).collect()
}

/// What the last decisions came to, the very last included: 64 `get`s, for people who ask how routing fares.
///
/// # Errors
/// The store can't be reached.
pub fn fresh_summary(store: &dyn Store, tenant: &str, now: Millis) -> Result<Summary, StoreError> {
    Ok(Summary::of(&ring(store, tenant)?, now))
}

/// What the last decisions came to: one `get`. Empty when they are long ago.
///
/// # Errors
/// The store can't be reached.
pub fn summary(store: &dyn Store, tenant: &str, now: Millis) -> Result<Summary, StoreError> {
    let summary = stored_summary(tenant).get(store)?;
    Ok(summary.filter(|summary| now.since(summary.at) <= KEPT_MS).unwrap_or_default())
}
