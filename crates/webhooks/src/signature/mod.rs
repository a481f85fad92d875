//! Signatures over the raw body, one file per scheme.
//!
//! All of them work the same way: the headers are read strictly, the time is checked, and then every active secret is
//! tried in constant time.

mod body_id;
mod callback;
mod elevenlabs;
mod encoding;
mod generic;
mod github;
mod headers;
mod heygen;
mod jwt;
mod kie;
mod livekit;
mod secrets;
mod standard;
mod stripe;
mod telegram;
mod time;
mod timed_tags;
mod upload_post;

use calendar::Millis;
use thiserror::Error;

pub use body_id::event_id;
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
    /// A JWT with the hash of the body. The secret is `<api key>:<api secret>`.
    LiveKit,
    /// `Heygen-Signature`, or `Signature` of older endpoints. The time isn't signed.
    HeyGen,
    /// `X-Webhook-Signature` over task id and time. *The body isn't signed*: it is no more than a hint to ask the vendor.
    Kie,
    /// `X-Upload-Post-Signature: sha256=..`
    UploadPost,
    /// `Stripe-Signature: t=..,v1=..`
    Stripe,
    /// `X-Telegram-Bot-Api-Secret-Token`: the secret itself. Nothing is signed.
    Telegram,
    /// `X-Hub-Signature-256: sha256=..`, without a time.
    GitHub,
}

impl Scheme {
    /// As it is kept with an event.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::StandardWebhooks => "standard-webhooks",
            Self::ElevenLabs => "elevenlabs",
            Self::LiveKit => "livekit",
            Self::HeyGen => "heygen",
            Self::Kie => "kie",
            Self::UploadPost => "upload-post",
            Self::Stripe => "stripe",
            Self::Telegram => "telegram",
            Self::GitHub => "github",
        }
    }
}

/// Why a delivery is not believed. Nothing is stored and nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// A header that the scheme needs isn't there.
    #[error("a signature header is missing")]
    MissingHeader,
    /// A header is there twice, too long, or not of the form the scheme asks for; or what is signed of the body isn't.
    #[error("a signature header is malformed")]
    Malformed,
    /// No signature fits any active secret.
    #[error("the signature does not match")]
    BadSignature,
    /// The signed time is too far from now, in either direction.
    #[error("the signature is too old, or from the future")]
    Stale,
    /// The tenant has no webhook secret for this vendor, or none of the form the scheme asks for: the operator must set
    /// one.
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
    /// The id of the delivery, the same for each repeat, and as hard to forge as the delivery is. Absent where the
    /// scheme has none, or has one that its signature doesn't cover (`HeyGen`, `UploadPost`, `GitHub`).
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
        Scheme::LiveKit => livekit::verify(secrets, headers, body, now),
        Scheme::HeyGen => heygen::verify(secrets, headers, body, now),
        Scheme::Kie => kie::verify(secrets, headers, body, now),
        Scheme::UploadPost => upload_post::verify(secrets, headers, body, now),
        Scheme::Stripe => stripe::verify(secrets, headers, body, now),
        Scheme::Telegram => telegram::verify(secrets, headers, body),
        Scheme::GitHub => github::verify(secrets, headers, body),
    }
}
