//! The vendor's refusals in the gate's terms.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// The status says nearly all. A bad key comes as 400 with a reason, a day's quota as 429 like a busy minute, and how
/// long to wait stands in the body.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let error = Fields::parse(body).ok().and_then(|answer| answer.get::<Fields>("error")).unwrap_or_default();
    let details: Vec<Fields> = error.get("details").unwrap_or_default();
    let status: String = error.get("status").unwrap_or_default();
    let reason = details.iter().find_map(|detail| detail.get::<String>("reason")).unwrap_or_default();
    let mut failure = match (head.status, reason.as_str()) {
        (400 | 403, "API_KEY_INVALID" | "API_KEY_EXPIRED") => {
            Failure::fatal("invalid_key", "The vendor doesn't accept the tenant's key.")
        }
        (429, _) if details.iter().any(counts_by_the_day) => {
            Failure::fatal("quota_exceeded", "The tenant's quota at the vendor is used up for today.")
        }
        (400, _) if status == "FAILED_PRECONDITION" => {
            Failure::fatal("not_permitted", "The tenant's account may not do this at the vendor.")
        }
        (404, _) => Failure::fatal("model_not_found", "The vendor doesn't know the model."),
        _ => Failure::by_status(head),
    };
    if failure.retryable && failure.retry_after_ms.is_none() {
        failure.retry_after_ms = details.iter().find_map(retry_delay_ms);
    }
    failure
}

/// A `QuotaFailure` names the quota: one that is counted by the day doesn't recover within any retry.
fn counts_by_the_day(detail: &Fields) -> bool {
    let violations: Vec<Fields> = detail.get("violations").unwrap_or_default();
    violations.iter().any(|violation| {
        let quota: String = violation.get("quotaId").unwrap_or_default();
        quota.contains("PerDay")
    })
}

/// `retryDelay` of a `RetryInfo`, such as `27s` or `0.5s`; rounded up to whole seconds.
fn retry_delay_ms(detail: &Fields) -> Option<u64> {
    let delay: String = detail.get("retryDelay")?;
    let seconds = delay.strip_suffix('s')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|byte| byte != b'0'));
    whole.parse::<u64>().ok()?.checked_add(more)?.checked_mul(1000)
}
