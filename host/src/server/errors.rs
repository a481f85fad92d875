//! The answers this host gives by itself, in the shape that the HTTP interface documents.

use http::header::{CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Map, Value, json};

use super::OutBody;
use crate::keys::hex;

/// A refusal, before it becomes a response.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: String,
    param: Option<&'static str>,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, code: &'static str, message: String) -> Self {
        Self { status, kind, code, message, param: None }
    }

    /// Nothing is routed there.
    pub fn no_route(path: &str) -> Self {
        let message = format!("there is nothing at {path}");
        Self::new(StatusCode::NOT_FOUND, "not_found", "no_route", message)
    }

    /// The request itself can't be understood.
    pub fn invalid(param: &'static str, message: &str) -> Self {
        Self {
            param: Some(param),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_request", "malformed", message.into())
        }
    }

    /// The body is larger than `limit` bytes.
    pub fn too_large(limit: u64) -> Self {
        let message = format!("the request body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "body_too_large", message)
    }

    /// The body didn't arrive in time.
    pub fn slow_body() -> Self {
        let message = "the request body did not arrive in time".into();
        Self::new(StatusCode::REQUEST_TIMEOUT, "invalid_request", "body_timeout", message)
    }

    /// The component trapped, or gave no response.
    pub fn component_failed(message: &str) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "component_failed", message.into())
    }

    /// The component took too long.
    pub fn request_timeout() -> Self {
        let message = "the component gave no response in time".into();
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "request_timeout", message)
    }

    /// A socket of another version than there is.
    pub fn upgrade_required() -> Self {
        let message = "sockets are opened with Sec-WebSocket-Version: 13".into();
        let param = Some("sec-websocket-version");
        let kind = "invalid_request";
        Self { param, ..Self::new(StatusCode::UPGRADE_REQUIRED, kind, "websocket_version", message) }
    }

    /// What the answer depends on can't be made durable.
    pub fn offline(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "offline", code, message.into())
    }

    /// No room; nothing was called.
    pub fn overloaded(message: &str) -> Self {
        Self::offline("overloaded", message)
    }

    pub fn into_response(self) -> Response<OutBody> {
        let request_id = request_id();
        let mut error = Map::new();
        error.insert("type".into(), self.kind.into());
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.into());
        error.insert("param".into(), self.param.map_or(Value::Null, Value::from));
        // Nothing was reserved.
        error.insert("limit_check_id".into(), Value::Null);
        error.insert("request_id".into(), request_id.clone().into());
        let offline = self.status == StatusCode::SERVICE_UNAVAILABLE;
        if offline {
            let message = "The service is not available right now.";
            error.insert("fallback".into(), json!({"mode": "offline", "message": message}));
        }
        let body = json!({ "error": error }).to_string();
        let body = Full::from(body).map_err(|never| match never {}).boxed_unsync();
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(request_id) = HeaderValue::try_from(request_id) {
            headers.insert("x-request-id", request_id);
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        if offline {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn request_id() -> String {
    let mut bytes = [0; 12];
    // Without randomness the id is only less unique; the answer matters more.
    let _ = getrandom::fill(&mut bytes);
    format!("req_{}", hex(&bytes))
}
