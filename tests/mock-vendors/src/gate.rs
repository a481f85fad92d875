//! The way into every vendor: note the call, check the key, and let go wrong what shall go wrong.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use crate::fault::{self, Fault};
use crate::play;
use crate::record::{Call, Tracker};
use crate::state::{State, now_ms};

/// A vendor's ways with keys and errors.
pub struct Vendor {
    pub name: &'static str,
    pub key_header: &'static str,
    pub key_prefix: &'static str,
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

/// A call that has come through: what to answer it with is up to the vendor.
pub struct Admitted {
    pub body: Value,
    pub fault: Fault,
    pub tracker: Tracker,
}

/// Lets a call in, or gives the answer it gets instead. `text` finds the words in the body that may be magic.
pub async fn admit(
    state: &State,
    vendor: &Vendor,
    request: Request,
    text: impl FnOnce(&Value) -> String,
) -> Result<Admitted, Response<Body>> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let key = key_of(vendor, &request.headers);
    let key_ok = key.as_deref().is_some_and(|key| !key.is_empty() && !key.starts_with("bad"));
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
            key_ok,
            body: body.clone(),
            status: None,
            bytes_sent: 0,
            finished: false,
            aborted: false,
            started_ms: now_ms(),
            ended_ms: None,
        },
    );
    if !key_ok {
        return Err(play::json(401, (vendor.error)(401), &Fault::default(), tracker));
    }
    let magic = fault::by_magic_words(&text(&body));
    let fault = magic.or_else(|| state.faults().take(vendor.name, &path)).unwrap_or_default();
    if fault.hang {
        std::future::pending::<()>().await;
    }
    if let Some(delay) = fault.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if let Some(status) = fault.status {
        return Err(play::json(status, (vendor.error)(status), &fault, tracker));
    }
    Ok(Admitted { body, fault, tracker })
}

fn key_of(vendor: &Vendor, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(vendor.key_header)?.to_str().ok()?;
    value.strip_prefix(vendor.key_prefix).map(ToOwned::to_owned)
}
