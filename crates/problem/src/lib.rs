//! The one error shape of the HTTP interface (also understood by OpenAI's client libraries).
//!
//! A [`Problem`] carries what the documented JSON carries; the shell adds the request id and sends it.

use serde::Serialize;

/// The error types of the contract, each with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Malformed or out of range; `param` names the field.
    InvalidRequest,
    /// Missing, unknown, expired or revoked credential, bad signature.
    Unauthenticated,
    /// A cap of session, tenant or company is reached.
    HardCap,
    /// Wrong tenant, origin, channel or capability; age or consent missing.
    Forbidden,
    /// No such thing, or not this caller's.
    NotFound,
    /// The method is not offered at this path.
    MethodNotAllowed,
    /// Same idempotency key with other content; resolved permit resolved again otherwise.
    Conflict,
    /// Body over the limit.
    TooLarge,
    /// Too many requests in the window.
    RateLimited,
    /// Too many at once.
    Burst,
    /// The vendor refused or answered nonsense.
    VendorError,
    /// The vendor did not answer in time.
    VendorTimeout,
    /// The authority can't be reached: nothing was called, nothing was charged.
    Offline,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthenticated => 401,
            Self::HardCap => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::RateLimited | Self::Burst => 429,
            Self::Internal => 500,
            Self::VendorError => 502,
            Self::Offline => 503,
            Self::VendorTimeout => 504,
        }
    }
}

/// What the page may do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fallback {
    /// `text` or `offline`.
    pub mode: String,
    /// In the tenant's own words.
    pub message: String,
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Decides the status.
    pub kind: Kind,
    /// Stable and machine-readable; equals the kind's name where there is nothing more to say.
    pub code: String,
    /// For people. Never holds a secret or a vendor's own text.
    pub message: String,
    /// The field that is wrong.
    pub param: Option<String>,
    /// The permit this is about.
    pub limit_check_id: Option<String>,
    /// What the page may do instead.
    pub fallback: Option<Fallback>,
    /// Becomes `Retry-After`, rounded up to seconds.
    pub retry_after_ms: Option<u64>,
    /// Becomes `Allow`: the methods that the path does take, such as `GET, POST`. Every 405 must say (RFC 9110, 15.5.6).
    pub allow: Option<String>,
    /// The age that a 403 `age_required` asks for, so that the page can ask its visitor. In no other answer.
    pub minimum_age: Option<u32>,
}

impl Problem {
    /// A problem without particulars.
    #[must_use]
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            param: None,
            limit_check_id: None,
            fallback: None,
            retry_after_ms: None,
            allow: None,
            minimum_age: None,
        }
    }

    /// 400 for one field.
    #[must_use]
    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(Kind::InvalidRequest, "invalid_request", message) }
    }

    /// 401.
    #[must_use]
    pub fn unauthenticated(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unauthenticated, code, message)
    }

    /// 403.
    #[must_use]
    pub fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, message)
    }

    /// 404.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, "not_found", message)
    }

    /// 405 for a path that takes these methods only.
    #[must_use]
    pub fn method_not_allowed(allowed: &[&str]) -> Self {
        let allowed = allowed.join(", ");
        let message = format!("This path takes {allowed}.");
        Self { allow: Some(allowed), ..Self::new(Kind::MethodNotAllowed, "method_not_allowed", message) }
    }

    /// 403: the visitor's attested age is missing or below `least`.
    #[must_use]
    pub fn age_required(least: u32) -> Self {
        let message = "The visitor's attested age is missing or too low.";
        Self { minimum_age: Some(least), ..Self::forbidden("age_required", message) }
    }

    /// 409.
    #[must_use]
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// 429: more is asked for at once than anybody may; nothing of a tenant's limits.
    #[must_use]
    pub fn rate_limited(code: &str, message: impl Into<String>, retry_after_ms: u64) -> Self {
        Self {
            retry_after_ms: Some(retry_after_ms),
            fallback: Some(Fallback { mode: "text".into(), message: "This service is busy at the moment.".into() }),
            ..Self::new(Kind::RateLimited, code, message)
        }
    }

    /// 503: the store or another part of the authority failed. `why` goes to the log, not into the answer.
    #[must_use]
    pub fn offline() -> Self {
        Self {
            fallback: Some(Fallback {
                mode: "offline".into(),
                message: "This service is offline at the moment.".into(),
            }),
            ..Self::new(
                Kind::Offline,
                "offline",
                "The authority can't be reached. Nothing was called and nothing was charged.",
            )
        }
    }

    /// Names the field.
    #[must_use]
    pub fn with_param(mut self, param: Option<String>) -> Self {
        self.param = param;
        self
    }

    /// The documented JSON.
    #[must_use]
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let mut body = serde_json::json!({ "error": {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "request_id": request_id,
            "limit_check_id": self.limit_check_id,
            "fallback": self.fallback,
        }});
        if let (Some(age), Some(error)) = (self.minimum_age, body.get_mut("error").and_then(|e| e.as_object_mut())) {
            error.insert("minimum_age".into(), age.into());
        }
        body.to_string().into_bytes()
    }

    /// `Retry-After` in whole seconds.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_documented_one() {
        let problem = Problem { retry_after_ms: Some(1500), ..Problem::invalid("estimate.units", "must be positive") };
        let json = String::from_utf8(problem.to_json("req_1")).unwrap_or_default();
        assert_eq!(
            json,
            r#"{"error":{"type":"invalid_request","code":"invalid_request","message":"must be positive","param":"estimate.units","request_id":"req_1","limit_check_id":null,"fallback":null}}"#
        );
        assert_eq!(problem.retry_after_seconds(), Some(2));
    }

    #[test]
    fn only_a_refusal_for_age_says_which_age() {
        let check = |problem: Problem, status: u16, end: &str| {
            let json = String::from_utf8(problem.to_json("req_1")).unwrap_or_default();
            assert_eq!(problem.kind.status(), status);
            assert!(json.ends_with(end), "{json}");
        };
        check(Problem::age_required(21), 403, r#""fallback":null,"minimum_age":21}}"#);
        check(Problem::forbidden("consent_required", "no"), 403, r#""fallback":null}}"#);
    }

    #[test]
    fn whoever_asks_too_much_hears_when_to_come_again_and_what_to_tell_a_visitor() {
        let problem = Problem::rate_limited("too_many_erasures", "100 are under way.", 60_000);
        assert_eq!((problem.kind.status(), problem.retry_after_seconds()), (429, Some(60)));
        let json = String::from_utf8(problem.to_json("req_1")).unwrap_or_default();
        assert!(json.contains(r#""fallback":{"mode":"text","message":"This service is busy"#), "{json}");
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let check = |allowed: &[&str], header: &str| {
            let problem = Problem::method_not_allowed(allowed);
            assert_eq!((problem.kind.status(), problem.allow.as_deref()), (405, Some(header)));
            assert_eq!(problem.message, format!("This path takes {header}."));
        };
        check(&["GET"], "GET");
        check(&["GET", "POST"], "GET, POST");
    }
}
