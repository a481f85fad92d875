//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// 401 is both a wrong key and a used-up one; the vendor's code tells them apart.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let code: String = Fields::parse(body).ok().and_then(|answer| answer.get("code")).unwrap_or_default();
    match (head.status, code.as_str()) {
        (401 | 403 | 429, "apiKeyExhausted") => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no requests left.")
        }
        (400..=403, "apiKeyDisabled" | "apiKeyInvalid" | "apiKeyMissing") => {
            Failure::fatal("invalid_key", "The vendor doesn't accept the tenant's key.")
        }
        // What the plan doesn't include: older news, for one.
        (426, _) => Failure::fatal("not_permitted", "The tenant's plan at the vendor doesn't include this."),
        _ => Failure::by_status(head),
    }
}
