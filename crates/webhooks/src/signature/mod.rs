//! Signatures over the raw body, one file per scheme.
//!
//! All of them work the same way: the headers are read strictly, the time is checked, and then every active secret is
//! tried in constant time.

mod callback;
mod elevenlabs;
mod generic;
mod headers;
mod secrets;
mod standard;

use calendar::Millis;
use thiserror::Error;

pub use callback::verify as verify_callback;
pub use headers::Headers;
pub use secrets::Secrets;

/// How a vendor signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The gate's own: `X-Signature`, `X-Request-Id`, `X-Timestamp`.
    Generic,
    /// <https://www.standardwebhooks.com>, with the extensions that OpenAI's library knows.
    StandardWebhooks,
    /// `ElevenLabs-Signature: t=..,v0=..`
    ElevenLabs,
}

/// Why a delivery is not believed. Nothing is stored and nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// A header that the scheme needs isn't there.
    #[error("a signature header is missing")]
    MissingHeader,
    /// A header is there twice, too long, or not of the form the scheme asks for.
    #[error("a signature header is malformed")]
    Malformed,
    /// No signature fits any active secret.
    #[error("the signature does not match")]
    BadSignature,
    /// The signed time is too far from now, in either direction.
    #[error("the signature is too old, or from the future")]
    Stale,
    /// The tenant has no webhook secret for this vendor: the operator must set one.
    #[error("no webhook secret is configured")]
    NoSecret,
}

impl SignatureError {
    /// The `code` of the 401.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_signature",
            Self::Malformed => "malformed_signature",
            Self::BadSignature => "bad_signature",
            Self::Stale => "stale_signature",
            Self::NoSecret => "no_webhook_secret",
        }
    }
}

/// What a signature says besides that the body is the vendor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed id of the delivery, the same for each repeat. Absent where the scheme has none.
    pub id: Option<String>,
}

/// Verifies a delivery.
///
/// # Errors
/// [`SignatureError`]
pub fn verify(
    scheme: Scheme,
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    match scheme {
        Scheme::Generic => generic::verify(secrets, headers, body, now),
        Scheme::StandardWebhooks => standard::verify(secrets, headers, body, now),
        Scheme::ElevenLabs => elevenlabs::verify(secrets, headers, body, now),
    }
}

/// Reads Unix seconds as vendors write them: digits only.
fn seconds(text: &str) -> Result<u64, SignatureError> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(SignatureError::Malformed)
}

/// Checks that `then` is at most `past` seconds ago and at most `future` seconds ahead.
fn within(now: Millis, then: u64, past: u64, future: u64) -> Result<(), SignatureError> {
    let now = now.0 / calendar::SECOND;
    let fits = now.saturating_sub(then) <= past && then.saturating_sub(now) <= future;
    if fits { Ok(()) } else { Err(SignatureError::Stale) }
}
