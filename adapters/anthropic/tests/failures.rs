//! The vendor's refusals in the gate's terms.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::{Adapter, AnswerHead, Header};
use anthropic::Anthropic;

#[test]
fn refusals() {
    let error = |kind: &str, message: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_01"}}"#)
    };
    let limit = r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    let rows = [
        (400, error("invalid_request_error", "m"), "invalid_request", false),
        (400, error("invalid_request_error", "prompt is too long: 9 tokens"), "context_too_long", false),
        (400, error("invalid_request_error", "Your credit balance is too low to"), "quota_exceeded", false),
        (401, error("authentication_error", "m"), "invalid_key", false),
        (402, error("billing_error", "m"), "quota_exceeded", false),
        (403, error("permission_error", "m"), "not_permitted", false),
        (404, error("not_found_error", "m"), "model_not_found", false),
        (413, error("request_too_large", "m"), "invalid_request", false),
        (429, error("rate_limit_error", "m"), "rate_limited", true),
        (429, limit.to_owned(), "quota_exceeded", false),
        (500, error("api_error", "m"), "vendor_internal", true),
        (504, error("timeout_error", "m"), "vendor_timeout", false),
        (529, error("overloaded_error", "m"), "overloaded", true),
        (529, String::new(), "overloaded", true),
    ];
    for (status, body, code, retryable) in rows {
        let head = AnswerHead { status, headers: vec![Header::new("retry-after", "3")] };
        let failure = Anthropic.explain(&head, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
        assert_eq!(failure.retry_after_ms, retryable.then_some(3000), "{status} {body}");
    }
}
