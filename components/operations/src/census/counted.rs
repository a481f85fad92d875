//! What a census finds.

use std::collections::BTreeMap;

use router::{Status, Summary, health};
use serde::{Deserialize, Serialize};
use tenancy::Tenant;

/// More vendors than anybody has.
const MAX_VENDORS: usize = 64;

/// All of it, of the whole deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Tenants there are.
    pub tenants: u64,
    /// Tenants that have a twin.
    pub twins: u64,
    /// Twins that pages may open sessions of.
    pub twins_deployed: u64,
    /// Runs under way.
    pub runs: u64,
    /// Webhooks that wait for somebody to look at them.
    pub dead_letters: u64,
    /// Open breakers by vendor.
    pub breakers: BTreeMap<String, u64>,
    /// Routing decisions of the last minutes, at most 64 of a tenant.
    pub decisions: u64,
    /// Those in which a model answered.
    pub succeeded: u64,
    /// Those in which the first choice didn't answer.
    pub fell_back: u64,
    /// How long they took, in microseconds, at the 95th percentile of the slowest tenant.
    pub decision_us_p95: Option<u64>,
    /// Tenants whose routing finds no model that answers.
    pub failing: u64,
    /// Calls of those decisions by family of models.
    pub models: BTreeMap<String, Family>,
}

/// Calls of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Family {
    /// All of them.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// What the others took together, in milliseconds.
    pub total_ms: u64,
}

impl Family {
    /// The mean of its answers; `None` when it gave none.
    pub fn mean_ms(&self) -> Option<u64> {
        self.total_ms.checked_div(self.calls.saturating_sub(self.failures))
    }
}

impl Counted {
    /// One tenant more.
    pub fn tenant(&mut self, tenant: &Tenant) {
        add(&mut self.tenants, 1);
        if let Some(twin) = &tenant.twin {
            add(&mut self.twins, 1);
            add(&mut self.twins_deployed, u64::from(twin.pages && twin.closed.is_none()));
        }
    }

    /// What a tenant's last routing decisions came to.
    pub fn routing(&mut self, summary: &Summary) {
        if summary.decisions == 0 {
            return;
        }
        add(&mut self.decisions, u64::from(summary.decisions));
        add(&mut self.succeeded, u64::from(summary.succeeded));
        add(&mut self.fell_back, u64::from(summary.fell_back));
        add(&mut self.failing, u64::from(health(summary).status == Status::Failing));
        self.decision_us_p95 = self.decision_us_p95.max(Some(summary.decision_us_p95));
        for (candidate, tally) in &summary.candidates {
            let family = self.models.entry(snapshot::family(candidate).to_owned()).or_default();
            let answered = u64::from(tally.calls.saturating_sub(tally.failures));
            add(&mut family.calls, u64::from(tally.calls));
            add(&mut family.failures, u64::from(tally.failures));
            add(&mut family.total_ms, tally.latency_ms.unwrap_or(0).saturating_mul(answered));
        }
    }

    /// A vendor's breaker that is open for somebody.
    pub fn breaker(&mut self, vendor: &str) {
        if self.breakers.len() < MAX_VENDORS || self.breakers.contains_key(vendor) {
            add(self.breakers.entry(vendor.to_owned()).or_default(), 1);
        }
    }
}

pub(super) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
