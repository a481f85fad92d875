//! Upload-Post: `X-Upload-Post-Signature: sha256=<hex>`, the HMAC-SHA256 of `{X-Upload-Post-Timestamp}.` and the raw
//! body.
//!
//! `X-Upload-Post-Delivery` is outside the MAC, so a replay could show another one: it is no id here.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    encoding::{from_hex, tag},
    secrets::any_matches,
    time::{SKEW, seconds, within},
};

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signature = headers.one("x-upload-post-signature")?;
    let timestamp = headers.one("x-upload-post-timestamp")?;
    let tag = tag(signature.strip_prefix("sha256=").and_then(from_hex))?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    // The time is digits only, so the first dot is where the body begins.
    if !any_matches(&secrets.as_bytes(), &[timestamp.as_bytes(), b".", body], &[tag]) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: None })
}
