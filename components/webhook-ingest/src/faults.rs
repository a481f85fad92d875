//! What a refusal of the limits means for an event.

use webhooks::ingest::Failure;

/// Why the limits don't correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such interaction, or it isn't in the log yet.
    NotFound,
    /// Something else is under way, or came in between.
    Conflict,
    /// It makes no sense.
    Invalid,
    /// It may not be.
    Forbidden,
    /// They can't be reached.
    Offline,
}

/// The limits' conflicts that no repeat under the same key gets over.
const FINAL: [&str; 2] = ["idempotency_key_reused", "attempt_lost"];

/// Whether it is worth another try.
#[must_use]
pub fn failure(refusal: Refusal, code: &str, message: &str) -> Failure {
    let reason = format!("{code}: {message}");
    match refusal {
        Refusal::Invalid | Refusal::Forbidden => Failure::Never(reason),
        Refusal::Conflict if FINAL.contains(&code) => Failure::Never(reason),
        Refusal::NotFound | Refusal::Conflict | Refusal::Offline => Failure::Later(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_is_tried_again() {
        let check = |refusal: Refusal, code: &str, is_final: bool| {
            let failure = failure(refusal, code, "because");
            assert_eq!(failure.reason(), format!("{code}: because"));
            assert_eq!(matches!(failure, Failure::Never(_)), is_final, "{refusal:?} {code}");
        };
        check(Refusal::NotFound, "not_found", false);
        check(Refusal::Offline, "offline", false);
        check(Refusal::Conflict, "concurrent_correction", false);
        check(Refusal::Conflict, "in_progress", false);
        check(Refusal::Conflict, "idempotency_key_reused", true);
        check(Refusal::Conflict, "attempt_lost", true);
        check(Refusal::Invalid, "invalid_request", true);
        check(Refusal::Forbidden, "forbidden", true);
    }
}
