//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// The status says nearly all; the vendor's code tells an empty account from a busy minute, both being 429.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let error = Fields::parse(body).ok().and_then(|answer| answer.get::<Fields>("error")).unwrap_or_default();
    let name = error.get::<String>("code").or_else(|| error.get("type")).unwrap_or_default();
    match (head.status, name.as_str()) {
        (429 | 403, "insufficient_quota" | "billing_hard_limit_reached") => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left.")
        }
        (400, "context_length_exceeded" | "string_above_max_length") => {
            Failure::fatal("context_too_long", "The conversation is too long for the model.")
        }
        (400, "content_policy_violation" | "content_filter") => {
            Failure::fatal("content_refused", "The vendor refuses this content.")
        }
        (403 | 404, "model_not_found") => Failure::fatal("model_not_found", "The vendor doesn't know the model."),
        _ => Failure::by_status(head),
    }
}
