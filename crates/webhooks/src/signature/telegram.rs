//! Telegram: `X-Telegram-Bot-Api-Secret-Token` is the secret itself, as it was given to `setWebhook`.
//!
//! Nothing is signed and nothing has a time: whoever sees the header once can send any update until the secret is
//! changed. Keep it out of logs.

use serde::Deserialize;

use super::{Headers, Secrets, SignatureError, Verified};

/// As Telegram bounds it.
const MAX_TOKEN: usize = 256;

#[derive(Deserialize)]
struct Update {
    update_id: i64,
}

pub(super) fn verify(secrets: &Secrets, headers: &Headers<'_>, body: &[u8]) -> Result<Verified, SignatureError> {
    let token = headers.one("x-telegram-bot-api-secret-token")?;
    let plain = token.len() <= MAX_TOKEN && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !plain {
        return Err(SignatureError::Malformed);
    }
    if !secrets.contain(token) {
        return Err(SignatureError::BadSignature);
    }
    // Not signed, but neither is the update itself: who can forge the one can forge the other.
    let update: Option<Update> = serde_json::from_slice(body).ok();
    Ok(Verified { id: update.map(|update| update.update_id.to_string()) })
}
