//! Why there is no permit, and why one can't be resolved.

use kv_schemas::StoreError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The kinds of denial; each has its HTTP type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialKind {
    /// The request makes no sense. The caller corrects it.
    Invalid,
    /// A cap is reached. The caller shows the fallback.
    HardCap,
    /// Too many at once. The caller waits.
    Burst,
    /// Too many in the window. The caller waits.
    RateLimited,
    /// The idempotency key was used for something else, or its first use is still under way.
    Conflict,
    /// The tenant may not do this, or is gone.
    Forbidden,
    /// The store can't be reached. Nothing was called.
    Offline,
}

/// No permit: nothing was charged, nothing stays held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// Decides the status.
    pub kind: DenialKind,
    /// Which limit, such as `monthly_cap`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The field that is wrong.
    pub param: Option<String>,
    /// When a repeat may succeed.
    pub retry_after_ms: Option<u64>,
    /// The caller waits in the tenant's queue: it comes again in a moment with this ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<u64>,
}

impl Denial {
    pub(crate) fn new(kind: DenialKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), param: None, retry_after_ms: None, ticket: None }
    }

    pub(crate) fn invalid(param: &str, code: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(DenialKind::Invalid, code, message) }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        Self::new(DenialKind::Offline, "offline", error.to_string())
    }
}

/// A permit can't be resolved this way.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// No such permit. Nothing changed.
    #[error("there is no such permit")]
    NotFound,
    /// It is resolved already, otherwise; or is being resolved right now. Nothing changed.
    #[error("{message}")]
    Conflict {
        /// `already_settled`, `already_released`, `denied`, `in_progress`.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
    /// The usage makes no sense for this permit. Nothing changed.
    #[error("{message}")]
    Invalid {
        /// The field.
        param: &'static str,
        /// For people.
        message: String,
    },
    /// The store can't be reached. What was reserved stays reserved.
    #[error(transparent)]
    Store(#[from] StoreError),
}
