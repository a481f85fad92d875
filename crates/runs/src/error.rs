//! Why something asked of a run or a recipe isn't done. Nothing was changed then.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A field's fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{param} {message}")]
pub struct Invalid {
    /// The field's path, such as `steps[3].after[0]`.
    pub param: String,
    /// What it must be.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into() }
    }
}

/// Why a step or a run failed, or why it is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, such as `input_missing`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The longest message that is kept.
const MAX_MESSAGE: usize = 1_000;

impl Failure {
    /// Clipped: a vendor may say a lot.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let clip = |text: &str, most| text.chars().take(most).collect();
        Self { code: clip(code, 100), message: clip(&message, MAX_MESSAGE) }
    }
}

/// A fact that a run doesn't take. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// 400: the caller mends the field.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// 409 `run_over`: the run has ended, and is not to be revived this way.
    #[error("The run is over.")]
    RunOver,
    /// 429 `queue_full`: more steps would be unfinished than may be. The caller comes back when some are done.
    #[error("The run would have more than 20 unfinished steps.")]
    QueueFull,
    /// 404: there is no such gate.
    #[error("There is no such gate.")]
    NoGate,
    /// 409 `gate_decided`: somebody was quicker; see [`crate::standing`].
    #[error("It has been decided already.")]
    Decided,
    /// 403 `link_expired`: the gate's time is over, or a newer link has replaced this one.
    #[error("The link has expired.")]
    LinkExpired,
    /// The step may not begin now; for the driver, which plans anew.
    #[error("The step may not begin now.")]
    NotNow,
}

impl Refused {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::RunOver => "run_over",
            Self::QueueFull => "queue_full",
            Self::NoGate => "not_found",
            Self::Decided => "gate_decided",
            Self::LinkExpired => "link_expired",
            Self::NotNow => "not_now",
        }
    }
}
