//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// The body's `error_code` repeats the status, and says it where the status is good.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let answer = Fields::parse(body).unwrap_or_default();
    let code = answer.get::<u16>("error_code").filter(|code| (400..600).contains(code));
    let head = AnswerHead { status: code.unwrap_or(head.status), headers: head.headers.clone() };
    match head.status {
        // What isn't a token at all makes an address that isn't there.
        401 | 404 => Failure::fatal("invalid_key", "The vendor knows no bot with the tenant's key."),
        403 => Failure::fatal("not_permitted", "The bot may not write in this chat."),
        400 if is_about_the_chat(&answer) => Failure::fatal("not_found", "The vendor doesn't know the chat."),
        429 => {
            let failure = Failure::by_status(&head);
            Failure { retry_after_ms: retry_after_ms(&answer).or(failure.retry_after_ms), ..failure }
        }
        _ => Failure::by_status(&head),
    }
}

/// A group that has become a supergroup has another id, and its old one is good for nothing.
fn is_about_the_chat(answer: &Fields) -> bool {
    let text: String = answer.get("description").unwrap_or_default();
    let text = text.to_ascii_lowercase();
    text.contains("chat not found") || parameter(answer, "migrate_to_chat_id").is_some()
}

fn retry_after_ms(answer: &Fields) -> Option<u64> {
    u64::try_from(parameter(answer, "retry_after")?).ok()?.checked_mul(1000)
}

fn parameter(answer: &Fields, name: &str) -> Option<i64> {
    answer.get::<Fields>("parameters")?.get(name)
}
