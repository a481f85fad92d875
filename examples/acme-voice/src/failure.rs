//! The vendor's refusals in the gate's terms. What the vendor writes is never repeated: the page reads these sentences.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// `{"error": "<name>"}`; where the name tells no more than the HTTP status does, the status decides.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let name = Fields::parse(body).ok().and_then(|answer| answer.get::<String>("error")).unwrap_or_default();
    match name.as_str() {
        "unknown_voice" => Failure::fatal("voice_not_found", "The vendor doesn't know the voice."),
        // An empty account comes as 403.
        "no_credit" => Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left."),
        // Refused before any work is done, so the proxy may try again.
        "studio_full" => Failure::transient("overloaded", "The vendor is overloaded.", head),
        _ => Failure::by_status(head),
    }
}
