//! A vendor's refusal in the gate's terms, as far as the HTTP status alone tells it.

use alloc::string::{String, ToString};

use crate::AnswerHead;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Safe to show to the page: never the vendor's own text.
    pub message: String,
    /// A short name, such as `rate_limited`, `invalid_key`, `invalid_request`, `overloaded`.
    pub code: &'static str,
    /// The vendor did nothing and an unchanged repeat may succeed.
    pub retryable: bool,
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure that a repeat won't mend.
    pub fn fatal(code: &'static str, message: &str) -> Self {
        Self { message: message.to_string(), code, retryable: false, retry_after_ms: None }
    }

    /// A failure that a repeat may mend; honours the vendor's `Retry-After`.
    pub fn transient(code: &'static str, message: &str, head: &AnswerHead) -> Self {
        Self { message: message.to_string(), code, retryable: true, retry_after_ms: retry_after_ms(head) }
    }

    /// What the status means at any vendor; an adapter overrules it where its vendor differs.
    pub fn by_status(head: &AnswerHead) -> Self {
        match head.status {
            401 => Self::fatal("invalid_key", "The vendor doesn't accept the tenant's key."),
            402 => Self::fatal("quota_exceeded", "The tenant's account at the vendor has no credit left."),
            403 => Self::fatal("not_permitted", "The tenant's account may not do this at the vendor."),
            404 => Self::fatal("not_found", "The vendor doesn't know the model, voice or session."),
            413 => Self::fatal("invalid_request", "The request is too large for the vendor."),
            408 | 409 => Self::transient("conflict", "The vendor could not take the request just now.", head),
            429 => Self::transient("rate_limited", "The vendor takes no more requests just now.", head),
            // 504 isn't repeated: the work may have been done, and billed, behind the gateway that gave up.
            504 => Self::fatal("vendor_timeout", "The vendor did not answer in time."),
            503 | 529 => Self::transient("overloaded", "The vendor is overloaded.", head),
            500..=599 => Self::transient("vendor_internal", "The vendor failed.", head),
            400..=499 => Self::fatal("invalid_request", "The vendor refused the request."),
            _ => Self::fatal("unexpected_status", "The vendor's answer was not understood."),
        }
    }
}

/// `retry-after-ms`, or `retry-after` in seconds (a fraction counts as a whole second). A date is ignored: no clock.
fn retry_after_ms(head: &AnswerHead) -> Option<u64> {
    if let Some(ms) = head.header("retry-after-ms").and_then(whole_rounded_up) {
        return Some(ms);
    }
    whole_rounded_up(head.header("retry-after")?)?.checked_mul(1000)
}

fn whole_rounded_up(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|b| b != b'0'));
    whole.parse::<u64>().ok()?.checked_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Header;
    use alloc::vec;

    #[test]
    fn retry_after_in_every_spelling() {
        let rows = [
            ("retry-after", "2", Some(2000)),
            ("retry-after", "0.5", Some(1000)),
            ("retry-after", " 7 ", Some(7000)),
            ("retry-after-ms", "250", Some(250)),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("retry-after", "-1", None),
            ("retry-after", "99999999999999999999", None),
            ("retry-after", "18446744073709551615", None),
            ("x-other", "1", None),
        ];
        for (name, value, expected) in rows {
            let head = AnswerHead { status: 429, headers: vec![Header::new(name, value)] };
            assert_eq!(Failure::by_status(&head).retry_after_ms, expected, "{name}: {value}");
        }
    }

    #[test]
    fn only_a_vendor_that_did_nothing_is_asked_again() {
        let rows = [(400, false), (401, false), (404, false), (429, true), (500, true), (503, true), (504, false)];
        for (status, expected) in rows {
            let head = AnswerHead { status, headers: vec![] };
            assert_eq!(Failure::by_status(&head).retryable, expected, "{status}");
        }
    }
}
