//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// The vendor's codes aren't documented, so the message is searched for what it is about.
///
/// A session that is unknown has ended: the caller takes `already_ended` as success. How an end that comes too late is
/// answered isn't documented either; a 404 that names none of the things a start asks for is taken for it, because an
/// end that is tried for ever helps nobody: the vendor ends every session at its hard end.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let answer = Fields::parse(body).unwrap_or_default();
    let text = answer.get::<String>("message").or_else(|| answer.get("detail")).unwrap_or_default();
    let text = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match head.status {
        400 | 402 | 403 | 429 if says(&["concurren"]) => {
            Failure::transient("rate_limited", "The tenant's account has too many sessions open.", head)
        }
        400 | 402 | 403 | 429 if says(&["credit", "quota", "billing"]) => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left.")
        }
        400 | 404 | 409 if says(&["session"]) && says(&OVER) => ended(),
        400 | 404 | 422 if says(&["avatar", "voice", "context", "llm"]) => {
            Failure::fatal("not_found", "The vendor doesn't know the avatar, its voice or its context.")
        }
        400 if says(&["session"]) && says(&["not exist", "not found"]) => ended(),
        404 | 410 => ended(),
        _ => Failure::by_status(head),
    }
}

/// How a message may say that a session is over.
const OVER: [&str; 7] = ["already", "closed", "ended", "stopped", "expired", "inactive", "not active"];

fn ended() -> Failure {
    Failure::fatal("already_ended", "The session has ended already.")
}
