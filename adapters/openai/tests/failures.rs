//! The vendor's refusals in the gate's terms.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::{Adapter, AnswerHead, Header};
use openai::OpenAi;

#[test]
fn refusals() {
    let rows = [
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":null}}"#,
            "invalid_request",
            false,
        ),
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            "context_too_long",
            false,
        ),
        (
            401,
            r#"{"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key"}}"#,
            "invalid_key",
            false,
        ),
        (403, "{}", "not_permitted", false),
        (404, r#"{"error":{"message":"m","code":"model_not_found"}}"#, "model_not_found", false),
        (422, "{}", "invalid_request", false),
        (429, r#"{"error":{"message":"m","type":"requests","code":"rate_limit_exceeded"}}"#, "rate_limited", true),
        (
            429,
            r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            "quota_exceeded",
            false,
        ),
        (429, r#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#, "quota_exceeded", false),
        (500, "oops", "vendor_internal", true),
        (503, "", "overloaded", true),
        (504, "", "vendor_timeout", false),
    ];
    for (status, body, code, retryable) in rows {
        let head = AnswerHead { status, headers: vec![Header::new("retry-after", "3")] };
        let failure = OpenAi.explain(&head, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
        assert_eq!(failure.retry_after_ms, retryable.then_some(3000), "{status} {body}");
    }
}
