//! How far runs and steps can be, and what a person can decide.

use serde::{Deserialize, Serialize};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Jobs run or are about to.
    Running,
    /// A gate waits for a person.
    Waiting,
    /// Nothing begins until somebody continues it.
    Paused,
    /// All that had to be done is done.
    Done,
    /// Something stands in the way for good, unless it is tried again.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Status {
    /// The contract's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// By the contract's name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Running, Self::Waiting, Self::Paused, Self::Done, Self::Failed, Self::Cancelled];
        all.into_iter().find(|status| status.name() == name)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The run goes on.
    Approve,
    /// The run has failed.
    Reject,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Something before it isn't done; or, for a gate, it isn't its turn.
    Blocked,
    /// It may begin.
    Queued,
    /// It is being begun; what became of that isn't known yet. Shown as `running`.
    Starting,
    /// Its job is under way.
    Running,
    /// Its job is done.
    Done,
    /// Its job failed, or couldn't be begun.
    Failed,
    /// It never began, or not again.
    Cancelled,
    /// A gate that is open.
    Waiting,
    /// A gate that lets through.
    Approved,
    /// A gate that doesn't.
    Rejected,
}

impl StepStatus {
    /// The contract's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Queued => "queued",
            Self::Starting | Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Whether it has, or may have, a job at a vendor.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }

    /// Whether nothing more becomes of it by itself.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Approved | Self::Rejected)
    }
}
