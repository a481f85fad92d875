//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// As much of a plain text as can matter.
const MAX_TITLE_BYTES: usize = 200;

/// A refusal is a JSON object with `error_code` and `title`, or, in older versions of the interface, the plain text
/// `Title: Message` (also as the member `error`). The message is prose and may repeat the request: it isn't read.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let about = about(body);
    let says = |words: &[&str]| words.iter().any(|word| about.contains(word));
    match head.status {
        400 | 402 | 403 | 429 if says(&["quota", "credit", "payment"]) => {
            Failure::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left.")
        }
        429 if says(&["concurren"]) => {
            Failure::transient("rate_limited", "The tenant's account has too many texts being spoken.", head)
        }
        400 | 404 | 422 if says(&["voice"]) => Failure::fatal("voice_not_found", "The vendor doesn't know the voice."),
        400 | 404 | 422 if says(&["model"]) => Failure::fatal("model_not_found", "The vendor doesn't know the model."),
        400 | 413 | 422 if says(&["transcript"]) && says(&["long", "length"]) => {
            Failure::fatal("text_too_long", "The text is too long for the vendor.")
        }
        _ => Failure::by_status(head),
    }
}

/// The code and the title, in lower case.
fn about(body: &[u8]) -> String {
    let text = match Fields::parse(body) {
        Ok(answer) => {
            let old: String = answer.get("error").unwrap_or_default();
            let code: String = answer.get("error_code").unwrap_or_default();
            let title: String = answer.get("title").unwrap_or_default();
            format!("{code} {title} {}", title_of(&old))
        }
        Err(_) => {
            let start = body.get(..MAX_TITLE_BYTES).unwrap_or(body);
            title_of(&String::from_utf8_lossy(start)).to_owned()
        }
    };
    text.to_ascii_lowercase()
}

fn title_of(text: &str) -> &str {
    text.split_once(':').map_or(text, |(title, _)| title)
}
