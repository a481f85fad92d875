//! kie.ai: `X-Webhook-Signature` is the base64 HMAC-SHA256 of `{task id}.{X-Webhook-Timestamp}`.
//!
//! The MAC covers the task id and the time, and *not the rest of the body*: who has seen one delivery can send another
//! body with its headers until the time runs out. So a delivery says only that something happened to the task. Ask the
//! vendor for its state before using an address or charging for it.
//!
//! The id of a delivery is the task's, so that a swapped body is a repeat of the true one. The vendor's documents give
//! no window; the usual one is used.

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::Millis;
use serde::Deserialize;

use super::{
    Headers, Secrets, SignatureError, Verified,
    body_id::is_id,
    encoding::tag,
    secrets::any_matches,
    time::{SKEW, seconds, within},
};

/// Where the vendor's products and documents put the task id.
#[derive(Deserialize)]
struct Callback {
    data: Option<Task>,
    #[serde(rename = "taskId")]
    camel: Option<String>,
    #[serde(rename = "task_id")]
    snake: Option<String>,
}

#[derive(Deserialize)]
struct Task {
    #[serde(rename = "taskId")]
    camel: Option<String>,
    #[serde(rename = "task_id")]
    snake: Option<String>,
}

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signature = headers.one("x-webhook-signature")?;
    let timestamp = headers.one("x-webhook-timestamp")?;
    let tag = tag(STANDARD.decode(signature).ok())?;
    within(now, seconds(timestamp)?, SKEW, SKEW)?;
    // The one scheme that must read a body before it is verified; so this comes after all that is cheaper.
    let id = task_id(body)?;
    // The time is digits only, so the last dot is where it begins, whatever the id holds.
    if !any_matches(&secrets.as_bytes(), &[id.as_bytes(), b".", timestamp.as_bytes()], &[tag]) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: Some(id) })
}

/// The one task that the body speaks of. With two, the signature might be for one and the effect on the other.
fn task_id(body: &[u8]) -> Result<String, SignatureError> {
    let callback: Callback = serde_json::from_slice(body).map_err(|_| SignatureError::Malformed)?;
    let data = callback.data.map_or([None, None], |task| [task.camel, task.snake]);
    let mut ids = data.into_iter().chain([callback.camel, callback.snake]).flatten();
    let id = ids.next().filter(|id| is_id(id)).ok_or(SignatureError::Malformed)?;
    if ids.all(|other| other == id) { Ok(id) } else { Err(SignatureError::Malformed) }
}
