//! How a link stands that decides at a gate.

use calendar::Millis;

use crate::{
    approval::Approval,
    run::{Run, Task},
    status::{Decision, StepStatus},
};

/// How a link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may decide.
    Open,
    /// Somebody decided already: 409 `gate_decided`.
    Decided {
        /// What.
        decision: Decision,
        /// When.
        at: Millis,
    },
    /// Its time is over, or there is a newer link: 403 `link_expired`.
    Expired,
    /// The run ended without a decision: 409 `run_over`.
    RunOver,
    /// There is no such gate (any more): 404.
    Unknown,
}

/// How a link stands whose mac is good.
#[must_use]
pub fn standing(run: &Run, link: &Approval, now: Millis) -> Standing {
    if run.id != link.run {
        return Standing::Unknown;
    }
    let Some(step) = run.step(&link.gate) else { return Standing::Unknown };
    let Task::Gate { round, expires_at, decided_at, .. } = &step.task else { return Standing::Unknown };
    if link.round != *round || *expires_at != Some(link.expires_at) {
        return Standing::Expired;
    }
    let decided = |decision| Standing::Decided { decision, at: decided_at.unwrap_or_default() };
    match step.status {
        StepStatus::Approved => decided(Decision::Approve),
        StepStatus::Rejected => decided(Decision::Reject),
        StepStatus::Waiting if now < link.expires_at && !run.is_too_old(now) => Standing::Open,
        _ if run.status.is_over() => Standing::RunOver,
        _ => Standing::Expired,
    }
}
