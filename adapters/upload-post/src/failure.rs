//! The vendor's refusals in the gate's terms.

use adapter::{AnswerHead, Failure};

/// The error bodies are not documented, so the status alone counts. 429 is also the platforms' limit for a day, which
/// no wait of the gate's outlasts; that costs a few repeats and nothing else.
pub fn explain(head: &AnswerHead) -> Failure {
    match head.status {
        404 => Failure::fatal("not_found", "The vendor doesn't know the upload or the profile."),
        _ => Failure::by_status(head),
    }
}

/// The upload was taken and reached no platform.
pub fn failed() -> Failure {
    Failure::fatal("publish_failed", "The video could not be published on any platform.")
}
