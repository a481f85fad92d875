//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// `detail` is an object with a `status`, a list (422), or a string; only the object tells more than the HTTP status.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let detail = Fields::parse(body).ok().and_then(|answer| answer.get::<Fields>("detail")).unwrap_or_default();
    let name = detail.get::<String>("status").or_else(|| detail.get("code")).unwrap_or_default();
    match name.as_str() {
        // An empty account comes as 401, like a wrong key.
        "quota_exceeded" => Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left."),
        "voice_not_found" | "invalid_voice_id" => {
            Failure::fatal("voice_not_found", "The vendor doesn't know the voice.")
        }
        "max_character_limit_exceeded" => Failure::fatal("text_too_long", "The text is too long for the model."),
        "too_many_concurrent_requests" => {
            Failure::transient("rate_limited", "The vendor takes no more requests just now.", head)
        }
        "system_busy" => Failure::transient("overloaded", "The vendor is overloaded.", head),
        _ => Failure::by_status(head),
    }
}
