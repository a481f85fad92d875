//! The gate's own scheme: `X-Signature` is the hex HMAC-SHA256 of `{X-Timestamp}.{X-Request-Id}.` and the raw body.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    encoding::{from_hex, tag},
    headers::delivery_id,
    secrets::any_matches,
    time::{SKEW, seconds, within},
};

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signature = headers.one("x-signature")?;
    let id = headers.one("x-request-id")?;
    let timestamp = headers.one("x-timestamp")?;
    let tag = tag(from_hex(signature))?;
    let id = delivery_id(id)?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    let parts: [&[u8]; 5] = [timestamp.as_bytes(), b".", id.as_bytes(), b".", body];
    if !any_matches(&secrets.as_bytes(), &parts, &[tag]) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: Some(id.to_owned()) })
}
