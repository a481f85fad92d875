//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// The status says nearly all. A spending limit is a 429 that waiting doesn't mend; an empty account and too long a
/// conversation are 400s that only their text tells apart (from memory: if the vendor words them otherwise, they are
/// plain refusals).
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let error = Fields::parse(body).ok().and_then(|answer| answer.get::<Fields>("error")).unwrap_or_default();
    let kind = error.get::<String>("type").unwrap_or_default();
    let details = error.get::<Fields>("details").unwrap_or_default();
    let code = details.get::<String>("error_code").unwrap_or_default();
    let text = error.get::<String>("message").unwrap_or_default();
    match (head.status, kind.as_str()) {
        (429, _) if code == "enforced_spend_limit_reached" => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has reached its spending limit.")
        }
        (400, "invalid_request_error") if text.starts_with("Your credit balance is too low") => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left.")
        }
        (400, "invalid_request_error") if text.starts_with("prompt is too long") => {
            Failure::fatal("context_too_long", "The conversation is too long for the model.")
        }
        (404, "not_found_error") => Failure::fatal("model_not_found", "The vendor doesn't know the model."),
        _ => Failure::by_status(head),
    }
}
