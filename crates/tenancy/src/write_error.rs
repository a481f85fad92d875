//! Why a write to tenancy was refused.

use kv_schemas::StoreError;
use thiserror::Error;

use crate::Invalid;

/// A refused write. Nothing is ever charged here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// A field is wrong: the caller mends it. Nothing was written.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The id belongs to somebody: the caller picks another. Nothing was written.
    #[error("a tenant with this id exists")]
    Exists,
    /// The id belonged to a tenant that was deleted; its log entries and sums stay, so it is not given again.
    #[error("a tenant with this id was deleted; ids are not given twice")]
    Deleted,
    /// Somebody is making this tenant right now, or changing it or its twin, or crashed at it a moment ago: the caller tries
    /// again.
    #[error("this tenant is being made or changed by another request")]
    Busy,
    /// There is no such tenant, key or binding.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The store failed; what was begun may be half done, and the same request again completes it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
