//! Standard Webhooks: `webhook-signature` is a list of `v1,<base64>`, each the HMAC-SHA256 of
//! `{webhook-id}.{webhook-timestamp}.` and the raw body.
//!
//! OpenAI's library also takes a secret without `whsec_` as it is, and a list entry without `v1,`; others read such a
//! secret as base64. Both readings are tried: each is a key that only somebody with the secret can have.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use calendar::Millis;

use super::{Headers, Secrets, SignatureError, Verified, headers::delivery_id, seconds, secrets::any_matches, within};

/// Allowed difference between the clocks, both ways, in seconds (all reference libraries).
const SKEW: u64 = 300;
/// More signatures in one header are not looked at.
const MAX_SIGNATURES: usize = 10;

/// Secrets in the wild come with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let keys: Vec<Vec<u8>> = secrets.iter().flat_map(keys).collect();
    if keys.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let id = headers.one("webhook-id")?;
    let timestamp = headers.one("webhook-timestamp")?;
    let list = headers.one("webhook-signature")?;
    let id = delivery_id(id)?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    // The time is signed as it was written, not as a number.
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    if !any_matches(&keys, &parts, &signatures(list)) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: Some(id.to_owned()) })
}

/// The keys that a secret can stand for.
fn keys(secret: &str) -> Vec<Vec<u8>> {
    let decode = |text: &str| BASE64.decode(text).ok().filter(|key| !key.is_empty());
    match secret.strip_prefix("whsec_") {
        Some(encoded) => decode(encoded).into_iter().collect(),
        None => decode(secret).into_iter().chain([secret.as_bytes().to_vec()]).collect(),
    }
}

/// Versions other than `v1` are passed over, as the specification says.
fn signatures(list: &str) -> Vec<Vec<u8>> {
    let entries = list.split_ascii_whitespace().take(MAX_SIGNATURES);
    let encoded = entries.filter_map(|entry| match entry.split_once(',') {
        Some(("v1", encoded)) => Some(encoded),
        Some(_) => None,
        None => Some(entry),
    });
    encoded.filter_map(|encoded| BASE64.decode(encoded).ok()).collect()
}
