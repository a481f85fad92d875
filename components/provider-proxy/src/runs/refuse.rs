//! Refusals of the runs' core as the HTTP interface says them.

use problem::Fallback;
use runs::{Invalid, Refused, store};
use shell::{Kind, Problem};

/// When there may be room in a full queue again.
const QUEUE_MS: u64 = 30 * calendar::SECOND;

/// The tenant has as many runs under way as it may.
pub fn too_many() -> Problem {
    let message = format!("At most {} runs may be under way at once.", store::MAX_UNDER_WAY);
    busy(Problem::new(Kind::RateLimited, "too_many_runs", message), QUEUE_MS)
}

/// A refusal of the state machine as the HTTP interface says it.
pub fn refused(refusal: Refused) -> Problem {
    let (code, message) = (refusal.code(), refusal.to_string());
    match refusal {
        Refused::Invalid(fault) => invalid(fault),
        Refused::QueueFull => busy(Problem::new(Kind::RateLimited, code, message), QUEUE_MS),
        Refused::NoGate => Problem::not_found(message),
        Refused::LinkExpired => Problem::forbidden(code, message),
        Refused::RunOver | Refused::Decided | Refused::NotNow => Problem::conflict(code, message),
    }
}

/// Whoever is told so comes back after a while.
pub fn busy(problem: Problem, after_ms: u64) -> Problem {
    let fallback = Fallback { mode: "offline".into(), message: problem.message.clone() };
    Problem { retry_after_ms: Some(after_ms), fallback: Some(fallback), ..problem }
}

/// A field's fault as the HTTP interface says it.
pub fn invalid(fault: Invalid) -> Problem {
    Problem::new(Kind::InvalidRequest, "invalid_request", fault.message).with_param(Some(fault.param))
}
