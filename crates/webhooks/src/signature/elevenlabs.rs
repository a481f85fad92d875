//! ElevenLabs: `ElevenLabs-Signature: t=<seconds>,v0=<hex>`, the HMAC-SHA256 of `{t}.` and the raw body.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    secrets::any_matches,
    time::{SKEW, seconds, within},
    timed_tags::TimedTags,
};

/// As long as the vendor's own library allows, in seconds. That library has no bound on the future; the gate does.
const PAST: u64 = 30 * 60;

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signed = TimedTags::parse(headers.one("elevenlabs-signature")?, "v0")?;
    if signed.tags.is_empty() {
        return Err(SignatureError::Malformed);
    }
    let timestamp = signed.timestamp;
    within(now, seconds(timestamp)?, PAST, SKEW)?;
    if !any_matches(&secrets.as_bytes(), &[timestamp.as_bytes(), b".", body], &signed.decoded()) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: None })
}
