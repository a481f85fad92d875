//! Who may ask the director: pages of the gate's own origins, and to set it up programs that are no pages.
//!
//! The port is open to every program of this machine and to every page of its browser. A page elsewhere can send requests
//! here, with its own `Origin`, which is refused. It can also have its own name point here (DNS rebinding): then the browser
//! takes us for its origin, but sends its name as `Host`, which is refused as well.

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::State;

/// Lets pages of the gate's origins through and lets them read the answer; nobody else.
pub async fn pages_of_the_gate(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let origin = text(request.headers(), header::ORIGIN).unwrap_or_default().to_owned();
    let setup = state.director().setup.clone();
    let is_ours = setup.is_some_and(|setup| setup.origins.contains(&origin));
    let Ok(allowed) = HeaderValue::from_str(&origin) else { return refused() };
    if !is_ours || !is_loopback(request.headers()) {
        return refused();
    }
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Lets programs through, which send no `Origin`; a browser sends one with every POST.
pub async fn no_page(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) || !is_loopback(request.headers()) {
        return refused();
    }
    next.run(request).await
}

/// Whether the request was sent to this machine by one of its own names.
fn is_loopback(headers: &HeaderMap) -> bool {
    let host = text(headers, header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// A header that is there once, as text.
fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let only = all.next()?;
    all.next().is_none().then_some(only)?.to_str().ok()
}

/// The same as where there is no director, so that a stranger learns nothing.
fn refused() -> Response {
    (StatusCode::FORBIDDEN, Body::empty()).into_response()
}
