//! An answer on its way out.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use problem::Problem;
use serde::Serialize;
use spin_sdk::http::{BoxBody, EmptyBody, box_body};

use crate::log::Told;

/// A response with a body of any kind.
pub struct Reply(pub Response<BoxBody>);

impl Reply {
    /// No content.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::build(status, box_body(EmptyBody::new()))
    }

    /// JSON.
    #[must_use]
    pub fn json<T: Serialize>(status: u16, value: &T) -> Self {
        let bytes = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        Self::bytes(status, "application/json", bytes)
    }

    /// Bytes of a media type.
    #[must_use]
    pub fn bytes(status: u16, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self::build(status, box_body(Full::new(bytes.into()))).with("content-type", media_type)
    }

    /// A stream of a media type.
    #[must_use]
    pub fn stream(status: u16, media_type: &str, body: BoxBody) -> Self {
        Self::build(status, body).with("content-type", media_type)
    }

    /// The documented error shape.
    #[must_use]
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut reply = Self::bytes(problem.kind.status(), "application/json", problem.to_json(request_id));
        reply.0.extensions_mut().insert(Told { kind: problem.kind, code: problem.code.clone() });
        if let Some(id) = &problem.limit_check_id {
            reply = reply.with("x-limit-check-id", id);
        }
        if let Some(methods) = &problem.allow {
            reply = reply.with("allow", methods);
        }
        match problem.retry_after_seconds() {
            Some(seconds) => reply.with("retry-after", &seconds.to_string()),
            None => reply,
        }
    }

    /// Adds a header; what can't be a header value is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    fn build(status: u16, body: BoxBody) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Self(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_brings_its_headers() {
        let check = |problem: Problem, status: u16, name: &str, value: Option<&str>| {
            let reply = Reply::problem(&problem, "req_1").0;
            assert_eq!(reply.status(), status);
            assert_eq!(reply.headers().get(name).map(|v| v.to_str().unwrap()), value, "{name}");
        };
        check(Problem::method_not_allowed(&["GET", "POST"]), 405, "allow", Some("GET, POST"));
        check(Problem::not_found("no"), 404, "allow", None);
        check(Problem { retry_after_ms: Some(1_001), ..Problem::offline() }, 503, "retry-after", Some("2"));
        let about = Problem { limit_check_id: Some("lc_1".into()), ..Problem::conflict("resolved", "no") };
        check(about, 409, "x-limit-check-id", Some("lc_1"));
    }
}
