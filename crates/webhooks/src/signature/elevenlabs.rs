//! ElevenLabs: `ElevenLabs-Signature: t=<seconds>,v0=<hex>`, the HMAC-SHA256 of `{t}.` and the raw body.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified, seconds,
    secrets::{any_matches, from_hex},
    within,
};

/// As long as the vendor's own library allows, in seconds.
const PAST: u64 = 30 * 60;
/// That library has no bound here; the gate does.
const FUTURE: u64 = 300;
/// More parts in one header are not looked at.
const MAX_PARTS: usize = 10;

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let header = headers.one("elevenlabs-signature")?;
    let (mut timestamps, mut tags) = (Vec::new(), Vec::new());
    for part in header.split(',').take(MAX_PARTS) {
        match part.trim().split_once('=') {
            Some(("t", text)) => timestamps.push(text),
            Some(("v0", hex)) => tags.push(hex),
            _ => {}
        }
    }
    let ([timestamp], false) = (timestamps.as_slice(), tags.is_empty()) else {
        return Err(SignatureError::Malformed);
    };
    within(now, seconds(timestamp)?, PAST, FUTURE)?;
    let tags: Vec<Vec<u8>> = tags.into_iter().filter_map(from_hex).collect();
    if !any_matches(&secrets.as_bytes(), &[timestamp.as_bytes(), b".", body], &tags) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: None })
}
