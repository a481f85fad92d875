//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// Only the address of an end carries a conversation's id, so an answer that doesn't know the conversation means that
/// it has ended: the caller takes `already_ended` as success.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let answer = Fields::parse(body).unwrap_or_default();
    let text = answer.get::<String>("error").or_else(|| answer.get("message")).unwrap_or_default();
    let text = text.to_ascii_lowercase();
    match head.status {
        404 => ended(),
        400 if text.contains("conversation_id") || text.contains("already ended") => ended(),
        400 | 402 | 403 | 429 if text.contains("concurren") => {
            Failure::transient("rate_limited", "The tenant's account has too many conversations open.", head)
        }
        400 | 402 | 403 if text.contains("credit") || text.contains("minutes") || text.contains("billing") => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left.")
        }
        _ => Failure::by_status(head),
    }
}

fn ended() -> Failure {
    Failure::fatal("already_ended", "The conversation has ended already.")
}
