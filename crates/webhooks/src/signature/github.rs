//! GitHub and those that copy it: `X-Hub-Signature-256: sha256=<hex>`, the HMAC-SHA256 of the raw body.
//!
//! The older `X-Hub-Signature` (SHA-1) is not read. There is no time, so only deduplication stops a replay; and
//! `X-GitHub-Delivery` is outside the MAC, so a replay could show another one: it is no id here.

use super::{
    Headers, Secrets, SignatureError, Verified,
    encoding::{from_hex, tag},
    secrets::any_matches,
};

pub(super) fn verify(secrets: &Secrets, headers: &Headers<'_>, body: &[u8]) -> Result<Verified, SignatureError> {
    let signature = headers.one("x-hub-signature-256")?;
    let tag = tag(signature.strip_prefix("sha256=").and_then(from_hex))?;
    if any_matches(&secrets.as_bytes(), &[body], &[tag]) {
        Ok(Verified { id: None })
    } else {
        Err(SignatureError::BadSignature)
    }
}
