//! Standard Webhooks: `webhook-signature` is a list of signatures over `{webhook-id}.{webhook-timestamp}.` and the raw
//! body. `v1,<base64>` is an HMAC-SHA256, `v1a,<base64>` is of Ed25519 (for secrets that begin with `whpk_`).
//!
//! OpenAI's library also takes a secret without `whsec_` as it is, and a list entry without `v1,`; others read such a
//! secret as base64. Both readings are tried: each is a key that only somebody with the secret can have.

use calendar::Millis;
use ed25519_dalek::{Signature, VerifyingKey};

use super::{
    Headers, Secrets, SignatureError, Verified,
    encoding::from_base64,
    headers::delivery_id,
    secrets::any_matches,
    time::{SKEW, seconds, within},
};

/// More signatures in one header are not looked at.
const MAX_SIGNATURES: usize = 10;

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let keys = Keys::of(secrets);
    if keys.shared.is_empty() && keys.public.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let id = headers.one("webhook-id")?;
    let timestamp = headers.one("webhook-timestamp")?;
    let list = Signatures::of(headers.one("webhook-signature")?);
    let id = delivery_id(id)?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    // The time is signed as it was written, not as a number.
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let shared: Vec<&[u8]> = keys.shared.iter().map(Vec::as_slice).collect();
    if any_matches(&shared, &parts, &list.macs) || any_signed(&keys.public, &parts, &list.ed25519) {
        Ok(Verified { id: Some(id.to_owned()) })
    } else {
        Err(SignatureError::BadSignature)
    }
}

/// The keys that secrets can stand for. A public key is never tried as a shared one: everybody may know it.
#[derive(Default)]
struct Keys {
    shared: Vec<Vec<u8>>,
    public: Vec<VerifyingKey>,
}

impl Keys {
    fn of(secrets: &Secrets) -> Self {
        let decode = |text: &str| from_base64(text).filter(|key| !key.is_empty());
        let mut keys = Self::default();
        for secret in secrets.iter() {
            if let Some(encoded) = secret.strip_prefix("whpk_") {
                keys.public.extend(decode(encoded).and_then(|key| VerifyingKey::try_from(key.as_slice()).ok()));
            } else if let Some(encoded) = secret.strip_prefix("whsec_") {
                keys.shared.extend(decode(encoded));
            } else if !secret.starts_with("whsk_") {
                // `whsk_` is the sender's private key, which is no business of a receiver.
                keys.shared.extend(decode(secret));
                keys.shared.push(secret.as_bytes().to_vec());
            }
        }
        keys
    }
}

/// Versions other than these are passed over, as the specification says.
#[derive(Default)]
struct Signatures {
    macs: Vec<Vec<u8>>,
    ed25519: Vec<Signature>,
}

impl Signatures {
    fn of(list: &str) -> Self {
        let mut signatures = Self::default();
        for entry in list.split_ascii_whitespace().take(MAX_SIGNATURES) {
            match entry.split_once(',').unwrap_or(("v1", entry)) {
                ("v1", encoded) => signatures.macs.extend(from_base64(encoded)),
                ("v1a", encoded) => {
                    let bytes = from_base64(encoded);
                    signatures.ed25519.extend(bytes.and_then(|bytes| Signature::from_slice(&bytes).ok()));
                }
                _ => {}
            }
        }
        signatures
    }
}

/// Nothing here is secret, so the first that fits is enough.
fn any_signed(keys: &[VerifyingKey], parts: &[&[u8]], shown: &[Signature]) -> bool {
    if keys.is_empty() || shown.is_empty() {
        return false;
    }
    let message = parts.concat();
    keys.iter().any(|key| shown.iter().any(|signature| key.verify_strict(&message, signature).is_ok()))
}
