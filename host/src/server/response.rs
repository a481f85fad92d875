//! How an answer leaves: as few writes as possible, and nothing before what it depends on is durable.
//!
//! The server writes the head together with the first bytes of the body when they are there by then. A short answer usually
//! is there completely, a moment after its head: waiting that moment saves a second packet. A stream isn't held up: its head
//! leaves after at most that moment.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::WasiBody;

use super::OutBody;
use super::body::DurableBody;
use super::continued::Continued;
use super::first::{First, first_frames};
use crate::instance::worker::RequestLink;

/// An answer of the host's own.
pub fn plain(text: &'static str) -> Response<OutBody> {
    let body = Full::from(text).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Prepares a component's response. Its place, if it has one, and its instance stay taken until the last byte.
pub async fn guarded(
    response: Response<WasiBody>,
    link: RequestLink,
    place: Option<OwnedSemaphorePermit>,
) -> Response<OutBody> {
    let (mut parts, body) = response.into_parts();
    let stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut body = DurableBody::new(body, link.effects.clone());
    let first = first_frames(&mut body, stream, None).await;
    let body = match first {
        First::Whole(bytes) => {
            // Nothing of the response is left in the instance: it may take its next request while this one is written.
            drop((link, place));
            Full::from(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        First::Part(frames) => {
            parts.extensions.insert(link.instance());
            Continued::new(frames, body, Some((link, place))).boxed_unsync()
        }
    };
    Response::from_parts(parts, body)
}
