//! Why a change of a twin is refused.

use kv_schemas::StoreError;
use tenancy::{Invalid, WriteError};
use thiserror::Error;

/// A refusal. Nothing is ever charged here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A field is wrong: the caller mends it. Nothing was written.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such tenant, twin, consent or link.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The tenant has a twin, though it may be retired.
    #[error("this tenant has a twin")]
    Exists,
    /// The twin is retired, for good.
    #[error("this twin is retired")]
    Retired,
    /// Nobody's consent is recorded, or all was taken back: record one first.
    #[error("a recorded consent is required")]
    ConsentRequired,
    /// As many as a twin may have are there: take one away first.
    #[error("a twin has at most {most} {what}")]
    TooMany {
        /// Links or consents.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Somebody is changing this twin right now, or crashed at it a moment ago: try again.
    #[error("this twin is being changed by another request")]
    Busy,
    /// The store failed; what was begun may be half done, and the same request again completes it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Invalid(invalid) => Self::Invalid(invalid),
            WriteError::NotFound(what) => Self::NotFound(what),
            WriteError::Deleted => Self::NotFound("tenant"),
            WriteError::Exists => Self::Exists,
            WriteError::Busy => Self::Busy,
            WriteError::Store(error) => Self::Store(error),
        }
    }
}
