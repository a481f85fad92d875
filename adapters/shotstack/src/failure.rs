//! The vendor's refusals in the gate's terms.

use adapter::{AnswerHead, Failure};

/// The status says all that can be relied on. A wrong key is answered by the gateway before the vendor, with 403.
pub fn explain(head: &AnswerHead) -> Failure {
    match head.status {
        403 => Failure::fatal("invalid_key", "The vendor doesn't accept the tenant's key."),
        404 => Failure::fatal("not_found", "The vendor doesn't know the render or the template."),
        _ => Failure::by_status(head),
    }
}

/// The render was taken and came to nothing.
pub fn failed() -> Failure {
    Failure::fatal("render_failed", "The vendor could not render it.")
}
