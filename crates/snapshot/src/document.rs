//! The document itself. `null` is what nobody knows.

use std::collections::BTreeMap;

use calendar::Millis;
use serde::{Deserialize, Serialize};

use crate::{FAMILIES, Report, Status, Thousandths, Usd};

/// Of the schema.
pub const VERSION: &str = "1.0";
/// So many critical workflows are to be covered.
pub const TARGET: u64 = 25;

/// See the module's description. Its fields are those of the schema's version 1.0, and ours under `tollgate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`VERSION`]
    pub version: String,
    /// When, in RFC 3339.
    pub timestamp_utc: String,
    /// Runs and routing.
    pub orchestration: Orchestration,
    /// By family; the four of [`FAMILIES`] are always there.
    pub models: BTreeMap<String, Model>,
    /// What pages that sell come to.
    pub revenue_proxy: RevenueProxy,
    /// What the law asks for.
    pub compliance: Compliance,
    /// Of the workflows' manifest.
    pub workflow_coverage: Coverage,
    /// Of the deployment.
    pub infra: Infra,
    /// Ids of the risks that are open, such as `R3`.
    pub risk_flags: Vec<String>,
    /// What only this gate has.
    pub tollgate: Tollgate,
}

/// Runs since the store was empty, and how fast routing decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orchestration {
    /// Runs that were done.
    pub runs_ok: u64,
    /// Runs that failed.
    pub runs_fail: u64,
    /// 95 % of the routing's last decisions took no longer; `null` without any. Of many tenants, the slowest one's.
    pub p95_ms: Option<Thousandths>,
}

/// What the routing's last decisions made of a family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// How often it was called.
    pub calls: u64,
    /// How often it answered.
    pub ok: u64,
    /// How often it didn't.
    pub fail: u64,
    /// 95 % of its answers took no longer; `null` where only the mean is kept.
    pub p95_ms: Option<u64>,
    /// The mean of its answers; `null` when it gave none.
    pub mean_ms: Option<u64>,
    /// Its part of all calls; `null` when there were none.
    pub share: Option<Thousandths>,
}

/// See [`Snapshot::revenue_proxy`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenueProxy {
    /// Of the sessions that were asked for on restricted pages (those where something is sold), the part that was
    /// opened. The gate sees no payment, so this is all it can say of a checkout; `null` when none was asked for, or
    /// nobody counts them.
    pub checkout_success_rate: Option<Thousandths>,
}

/// What the last reports of the checks say; `null` when there is none, or none that is fresh.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compliance {
    /// Of the check `age-gate`.
    pub age_gate_pass: Option<bool>,
    /// Of the check `certificates`.
    pub coa_pass: Option<bool>,
}

/// Of the check `workflows`; `null` as in [`Compliance`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Workflows in the manifest.
    pub defined: Option<u64>,
    /// Those of them that have all they need and whose check passes.
    pub verified: Option<u64>,
    /// [`TARGET`]
    pub target: u64,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { defined: None, verified: None, target: TARGET }
    }
}

/// See [`Snapshot::infra`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Infra {
    /// Whether the deploy files, the manifest and what runs differ, by the check `infra`; `null` as in [`Compliance`].
    pub drift: Option<bool>,
}

/// What only this gate has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tollgate {
    /// Of the gate.
    pub version: Option<String>,
    /// Tenants there are.
    pub tenants: Option<u64>,
    /// Twins there are.
    pub twins: Option<u64>,
    /// Sessions that are open.
    pub sessions: Option<u64>,
    /// Permits that are open.
    pub permits: Option<u64>,
    /// What they hold.
    pub held_usd: Option<Usd>,
    /// All that was ever settled.
    pub settled_usd: Option<Usd>,
    /// Denials by reason, ever.
    pub denials: BTreeMap<String, u64>,
    /// The audit log.
    pub log: Log,
    /// How each check ended that was reported: `fail` is shown however old it is.
    pub checks: BTreeMap<String, Status>,
}

/// See [`Tollgate::log`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Entries of the newest checkpoint.
    pub tree_size: Option<u64>,
}

impl Snapshot {
    /// Of this moment, with nothing known.
    #[must_use]
    pub fn unknown(now: Millis) -> Self {
        Self {
            version: VERSION.to_owned(),
            timestamp_utc: now.to_string(),
            orchestration: Orchestration::default(),
            models: FAMILIES.iter().map(|family| ((*family).to_owned(), Model::default())).collect(),
            revenue_proxy: RevenueProxy::default(),
            compliance: Compliance::default(),
            workflow_coverage: Coverage::default(),
            infra: Infra::default(),
            risk_flags: Vec::new(),
            tollgate: Tollgate::default(),
        }
    }

    /// Takes over what a check reported.
    pub fn take(&mut self, report: &Report, now: Millis) {
        let passes = report.passes(now);
        match report.name.as_str() {
            "age-gate" => self.compliance.age_gate_pass = passes,
            "certificates" => self.compliance.coa_pass = passes,
            "infra" => self.infra.drift = passes.map(|passes| !passes),
            // What it counted is true however it ended, as long as it is fresh and could look.
            "workflows" if passes.is_some() => {
                self.workflow_coverage.defined = report.facts.get("defined").copied();
                self.workflow_coverage.verified = report.facts.get("verified").copied();
            }
            _ => {}
        }
        // That something was in order says nothing of today; that something wasn't stays said until it is.
        let shown = if passes.is_none() && report.status == Status::Pass { Status::Unknown } else { report.status };
        self.tollgate.checks.insert(report.name.clone(), shown);
    }

    /// Counts calls of a family, as the routing of one tenant saw them.
    pub fn count(&mut self, family: &str, calls: u64, failures: u64, mean_ms: Option<u64>) {
        let model = self.models.entry(family.to_owned()).or_default();
        let ok = calls.saturating_sub(failures);
        // The mean of all answers: that of each tenant weighs as much as its answers are many.
        let sum = |mean: Option<u64>, answers: u64| u128::from(mean.unwrap_or(0)).saturating_mul(u128::from(answers));
        let answers = u128::from(model.ok).saturating_add(u128::from(ok));
        let total = sum(model.mean_ms, model.ok).saturating_add(sum(mean_ms, ok));
        if model.mean_ms.is_some() || mean_ms.is_some() {
            model.mean_ms = total.checked_div(answers).and_then(|mean| u64::try_from(mean).ok());
        }
        model.calls = model.calls.saturating_add(calls);
        model.ok = model.ok.saturating_add(ok);
        model.fail = model.fail.saturating_add(failures.min(calls));
    }

    /// Fills in each family's part of all calls, once all are counted.
    pub fn share(&mut self) {
        let all = self.models.values().fold(0_u64, |sum, model| sum.saturating_add(model.calls));
        for model in self.models.values_mut() {
            model.share = Thousandths::share(model.calls, all);
        }
    }
}
