//! The way into every vendor: note the call, check the key, and let go wrong what shall go wrong.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::fault::{self, Fault};
use crate::play::{self, Script};
use crate::record::{Call, Tracker};
use crate::state::{State, now_ms};

/// A vendor's ways with keys and errors.
pub struct Vendor {
    pub name: &'static str,
    pub key_header: &'static str,
    pub key_prefix: &'static str,
    /// What a wrong key is answered with; the body is the one for 401.
    pub bad_key: u16,
    /// The vendor's own error body for a status.
    pub error: fn(u16) -> Value,
}

/// A request as it came.
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The mock's own address, as the client knows it.
    pub fn host(&self) -> String {
        self.header("host").unwrap_or("127.0.0.1").to_owned()
    }

    /// A parameter of the query, as it stands there.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Request {
    type Rejection = axum::extract::rejection::BytesRejection;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Self::Rejection> {
        let original = request.extensions().get::<axum::extract::OriginalUri>().map(|uri| uri.0.clone());
        let uri = original.unwrap_or_else(|| request.uri().clone());
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let body = Bytes::from_request(request, state).await?;
        Ok(Self { method, uri, headers, body })
    }
}

/// What a handler gives: an answer either way; the second kind lets it use `?`.
pub type Answered = Result<Response<Body>, Response<Body>>;

/// A call that has come through: what to answer it with is up to the vendor.
pub struct Admitted {
    pub body: Value,
    /// Whose call it is.
    pub key: String,
    pub fault: Fault,
    pub tracker: Tracker,
    error: fn(u16) -> Value,
}

impl Admitted {
    /// Answers in JSON, once the work is done.
    pub fn answer(self, status: u16, body: Value) -> Response<Body> {
        self.answer_with(status, Vec::new(), body)
    }

    /// The same with more headers.
    pub fn answer_with(self, status: u16, headers: Vec<(&'static str, String)>, body: Value) -> Response<Body> {
        let (status, body) = match self.fault.status {
            Some(late) => (late, error_body(self.error, late, &self.fault)),
            None => (status, body),
        };
        play::json_with(status, headers, body, &self.fault, self.tracker)
    }

    /// Answers with the vendor's own error body.
    pub fn refuse(self, status: u16) -> Response<Body> {
        let body = (self.error)(status);
        self.answer(status, body)
    }

    /// Answers 200 with the script's pieces.
    pub fn play(self, script: Script) -> Response<Body> {
        play::play(script, &self.fault, self.tracker)
    }
}

/// Lets a call in, or gives the answer it gets instead. `text` finds the words in the body that may be magic.
pub async fn admit(
    state: &State,
    vendor: &Vendor,
    request: Request,
    text: impl FnOnce(&Value) -> String,
) -> Result<Admitted, Response<Body>> {
    let key = key_of(vendor, &request);
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    admit_as(state, vendor, &request, key, body, text).await
}

/// The same for a call whose key or body isn't where the vendors mostly have it.
pub async fn admit_as(
    state: &State,
    vendor: &Vendor,
    request: &Request,
    key: Option<String>,
    body: Value,
    text: impl FnOnce(&Value) -> String,
) -> Result<Admitted, Response<Body>> {
    let good_key = key.clone().filter(|key| !key.is_empty() && !key.starts_with("bad"));
    let path = request.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let tracker = Tracker::begin(
        state,
        Call {
            id: 0,
            vendor: vendor.name,
            method: request.method.to_string(),
            path: path.clone(),
            header_names: request.headers.keys().map(ToString::to_string).collect(),
            key,
            key_ok: good_key.is_some(),
            idempotency_key: request.header("idempotency-key").map(ToOwned::to_owned),
            body: body.clone(),
            status: None,
            bytes_sent: 0,
            finished: false,
            aborted: false,
            started_ms: now_ms(),
            ended_ms: None,
        },
    );
    let Some(key) = good_key else {
        return Err(play::json(vendor.bad_key, (vendor.error)(401), &Fault::default(), tracker));
    };
    let magic = fault::by_magic_words(&text(&body));
    let fault = magic.or_else(|| state.faults().take(vendor.name, &key, &path)).unwrap_or_default();
    if fault.hang {
        std::future::pending::<()>().await;
    }
    if let Some(delay) = fault.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if let Some(to) = fault.redirect.clone() {
        return Err(play::json_with(302, vec![("location", to)], json!({}), &fault, tracker));
    }
    if let Some(status) = fault.refuse {
        return Err(play::json(200, error_body(vendor.error, status, &fault), &fault, tracker));
    }
    if let Some(status) = fault.status.filter(|_| !fault.late) {
        return Err(play::json(status, error_body(vendor.error, status, &fault), &fault, tracker));
    }
    Ok(Admitted { body, key, fault, tracker, error: vendor.error })
}

/// The vendor's own error body; one that says how long to wait says what the fault says.
fn error_body(error: fn(u16) -> Value, status: u16, fault: &Fault) -> Value {
    let mut body = error(status);
    if let (Some(seconds), Some(place)) = (fault.retry_after, body.pointer_mut("/parameters/retry_after")) {
        *place = json!(seconds);
    }
    body
}

/// The key where the vendor wants it.
pub fn key_of(vendor: &Vendor, request: &Request) -> Option<String> {
    request.header(vendor.key_header)?.strip_prefix(vendor.key_prefix).map(ToOwned::to_owned)
}
