//! The vendor's refusals in the gate's terms.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::{Adapter, AnswerHead, Header};
use gemini::Gemini;

#[test]
fn refusals() {
    let key = r#"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#;
    let busy = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"26.2s"}]}}"#;
    let day = busy.replace("PerMinute", "PerDay");
    let status = |status: &str| format!(r#"{{"error":{{"message":"m","status":"{status}"}}}}"#);
    let rows = [
        (400, status("INVALID_ARGUMENT"), "invalid_request", None),
        (400, key.to_owned(), "invalid_key", None),
        (400, status("FAILED_PRECONDITION"), "not_permitted", None),
        (401, status("UNAUTHENTICATED"), "invalid_key", None),
        (403, status("PERMISSION_DENIED"), "not_permitted", None),
        (404, status("NOT_FOUND"), "model_not_found", None),
        (429, busy.to_owned(), "rate_limited", Some(Some(27_000))),
        (429, busy.replace("26.2s", "soon"), "rate_limited", Some(None)),
        (429, busy.replace("26.2s", "3s"), "rate_limited", Some(Some(3000))),
        (429, day, "quota_exceeded", None),
        (429, "oops".to_owned(), "rate_limited", Some(None)),
        (500, status("INTERNAL"), "vendor_internal", Some(None)),
        (503, status("UNAVAILABLE"), "overloaded", Some(None)),
        (504, status("DEADLINE_EXCEEDED"), "vendor_timeout", None),
    ];
    for (status, body, code, retry) in rows {
        let failure = Gemini.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retry.is_some()), "{status} {body}");
        assert_eq!(failure.retry_after_ms, retry.flatten(), "{status} {body}");
    }
    // The header goes before the body.
    let head = AnswerHead { status: 429, headers: vec![Header::new("retry-after", "5")] };
    assert_eq!(Gemini.explain(&head, busy.as_bytes()).retry_after_ms, Some(5000));
}
