//! The gate's own scheme: `X-Signature` is the hex HMAC-SHA256 of `{X-Timestamp}.{X-Request-Id}.` and the raw body.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    headers::delivery_id,
    seconds,
    secrets::{any_matches, from_hex},
    within,
};

/// Allowed difference between the clocks, both ways, in seconds.
const SKEW: u64 = 300;

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signature = headers.one("x-signature")?;
    let id = headers.one("x-request-id")?;
    let timestamp = headers.one("x-timestamp")?;
    let tag = from_hex(signature).filter(|tag| tag.len() == 32).ok_or(SignatureError::Malformed)?;
    let id = delivery_id(id)?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    let parts: [&[u8]; 5] = [timestamp.as_bytes(), b".", id.as_bytes(), b".", body];
    if !any_matches(&secrets.as_bytes(), &parts, &[tag]) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: Some(id.to_owned()) })
}
