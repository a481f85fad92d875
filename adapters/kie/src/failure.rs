//! The vendor's refusals in the gate's terms.

use adapter::{AnswerHead, Failure, Fields};

/// The body's `code` says more than the status, which may even be 200.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let code: Option<u16> = Fields::parse(body).ok().and_then(|answer| answer.get("code"));
    match code {
        Some(code) if (400..600).contains(&code) => by_code(code, head),
        _ => by_code(head.status, head),
    }
}

/// The vendor's codes are HTTP's, and some of its own.
pub fn by_code(code: u16, head: &AnswerHead) -> Failure {
    match code {
        451 => Failure::fatal("invalid_request", "The vendor could not fetch an image that the request names."),
        455 => Failure::transient("overloaded", "The vendor is being maintained.", head),
        501 => failed(),
        505 => Failure::fatal("not_permitted", "The vendor has switched this feature off."),
        _ => Failure::by_status(&AnswerHead { status: code, headers: head.headers.clone() }),
    }
}

/// The task was taken and came to nothing.
pub fn failed() -> Failure {
    Failure::fatal("generation_failed", "The vendor could not make it.")
}

/// The task was taken and then refused for what it should show.
pub fn refused() -> Failure {
    Failure::fatal("content_refused", "The vendor refuses to make this.")
}
