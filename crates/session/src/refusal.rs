//! Why a caller is turned away.

use kv_schemas::StoreError;
use problem::{Fallback, Kind, Problem};
use tenancy::Invalid;
use thiserror::Error;

/// A refusal. Nothing was opened, called or charged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The request is malformed: the caller mends the named field.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The credential is missing, unknown, expired, ended or revoked: the caller shows another.
    #[error("{message}")]
    Unauthenticated {
        /// Stable, such as `session_ended`.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
    /// The credential is good, but not for this: wrong origin, channel or tenant, age or consent missing.
    #[error("{message}")]
    Forbidden {
        /// Stable, such as `origin_not_allowed`.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
    /// The visitor's attested age is missing or too low: the page asks for it.
    #[error("The visitor's attested age is missing or too low.")]
    TooYoung {
        /// The tenant's minimum age in years.
        least: u32,
    },
    /// Too many sessions from one address in this window: the page comes back later.
    #[error("Too many sessions are being opened from this address.")]
    TooMany {
        /// When the window is over.
        retry_after_ms: u64,
        /// The tenant's own words for the meantime.
        fallback_message: String,
    },
    /// There is no such session, or not of this tenant.
    #[error("There is no such session.")]
    NotFound,
    /// Nobody has issued this link, or it was taken back.
    #[error("There is no such link.")]
    LinkUnknown,
    /// The tenant's key set can't be had: tokens of end users can't be checked, so nobody gets in. Try again later.
    #[error("The tenant's key set can't be reached.")]
    NoKeySet,
    /// The store failed: nobody gets in.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    pub(crate) fn unauthenticated(code: &'static str, message: &'static str) -> Self {
        Self::Unauthenticated { code, message }
    }

    pub(crate) fn forbidden(code: &'static str, message: &'static str) -> Self {
        Self::Forbidden { code, message }
    }

    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::Unauthenticated { code, .. } | Self::Forbidden { code, .. } => code,
            Self::TooYoung { .. } => "age_required",
            Self::TooMany { .. } => "session_rate",
            Self::NotFound => "not_found",
            Self::LinkUnknown => "link_unknown",
            Self::NoKeySet => "key_set_unreachable",
            Self::Store(_) => "offline",
        }
    }

    /// As the HTTP interface says it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Invalid(invalid) => Problem::invalid(&invalid.param, invalid.to_string()),
            Self::Unauthenticated { code, message } => Problem::unauthenticated(code, *message),
            Self::Forbidden { code, message } => Problem::forbidden(code, *message),
            Self::TooYoung { least } => Problem::age_required(*least),
            Self::TooMany { retry_after_ms, fallback_message } => Problem {
                retry_after_ms: Some(*retry_after_ms),
                // Without a session there isn't even text.
                fallback: Some(Fallback { mode: "offline".into(), message: fallback_message.clone() }),
                ..Problem::new(Kind::RateLimited, self.code(), self.to_string())
            },
            Self::NotFound => Problem::not_found(self.to_string()),
            Self::LinkUnknown => Problem { code: self.code().into(), ..Problem::not_found(self.to_string()) },
            Self::NoKeySet => Problem { code: self.code().into(), message: self.to_string(), ..Problem::offline() },
            Self::Store(_) => Problem::offline(),
        }
    }
}
