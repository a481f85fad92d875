//! What outsiders learn of a run. Each notice stands in the run's record until it is told, so that a crash loses none;
//! told twice, it has the same subject.

use calendar::Millis;
use serde::{Deserialize, Serialize};

use crate::{approval::Pending, error::Failure};

/// The kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It has begun.
    Started,
    /// A gate has opened.
    Waiting,
    /// Nothing begins until somebody continues it.
    Paused,
    /// It has ended well.
    Done,
    /// It has failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Kind {
    /// The event's name, such as `run.started`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "run.started",
            Self::Waiting => "run.waiting",
            Self::Paused => "run.paused",
            Self::Done => "run.done",
            Self::Failed => "run.failed",
            Self::Cancelled => "run.cancelled",
        }
    }
}

/// One thing to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// What makes it the same event again: unique among all events of its kind.
    pub subject: String,
    /// When it happened.
    pub at: Millis,
    /// The gate that opened.
    pub gate: Option<Pending>,
    /// Why it failed or is paused.
    pub failure: Option<Failure>,
}

impl Notice {
    pub(crate) fn new(kind: Kind, subject: String, at: Millis) -> Self {
        Self { kind, subject, at, gate: None, failure: None }
    }
}
