//! A vendor's fixed facts.

use crate::Capability;

/// A vendor's fixed facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub vendor: &'static str,
    pub capabilities: &'static [Capability],
    /// The address a tenant's binding may leave out, without a trailing slash, such as `https://api.openai.com/v1`.
    /// Empty where every customer of the vendor has its own: then the binding must name it.
    pub base_url: &'static str,
    pub credential: Credential,
    pub signature: SignatureScheme,
    /// Models offered by name; the first is the default. Empty where the vendor has none.
    pub models: &'static [&'static str],
    /// A live session is billed in steps of so many seconds; a begun step counts as a whole one. At least 1.
    pub live_step_seconds: u32,
}

/// Where the proxy puts the vendor's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Header `name`, value `prefix` followed by the key.
    Header { name: &'static str, prefix: &'static str },
    /// The key is `<id>:<secret>`. It isn't sent: the proxy signs the call's grants with it (JWT, HS256, RFC 7519) and
    /// sends the token as `Authorization: Bearer`.
    SignedToken,
    /// The call's path has `{key}` in it once: there the proxy puts the key, and shows the path to nobody.
    Path,
}

impl Credential {
    /// `Authorization: Bearer <key>`, as most vendors have it.
    pub const BEARER: Self = Self::Header { name: "authorization", prefix: "Bearer " };

    /// The header that is the proxy's to write.
    pub const fn header_name(self) -> &'static str {
        match self {
            Self::Header { name, .. } => name,
            Self::SignedToken | Self::Path => "authorization",
        }
    }
}

/// How the vendor signs its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureScheme {
    /// The vendor signs nothing: the gate puts an unguessable token into the callback address.
    CallbackToken,
    /// HMAC over timestamp, id and body; see `X-Signature` in the HTTP contract.
    Generic,
    /// <https://www.standardwebhooks.com>
    StandardWebhooks,
    /// `ElevenLabs-Signature: t=..,v0=..`
    ElevenLabs,
    /// `Authorization: <JWT>` with the body's hash
    LiveKit,
    /// `Heygen-Signature`
    HeyGen,
    /// `X-Webhook-Signature` over task id and timestamp
    Kie,
    /// `X-Upload-Post-Signature: sha256=..`
    UploadPost,
    /// `X-Telegram-Bot-Api-Secret-Token`: the secret itself
    Telegram,
}
