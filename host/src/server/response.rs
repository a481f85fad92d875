//! How an answer leaves: as few writes as possible, and nothing before what it depends on is durable.
//!
//! The server writes the head together with the first bytes of the body when they are there by then. A short answer usually
//! is there completely, a moment after its head: waiting that moment saves a second packet. A stream isn't held up: its head
//! leaves after at most that moment.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

use super::OutBody;
use super::body::DurableBody;
use super::continued::Continued;
use crate::instance::worker::RequestLink;

/// How long a head waits for the body.
const MOMENT: Duration = Duration::from_millis(2);
/// A body longer than this is passed on in pieces.
const SHORT: usize = 64 * 1024;

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
    let (parts, body) = response.into_parts();
    let stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut body = DurableBody::new(body, link.effects.clone());
    let first = first_frames(&mut body, stream).await;
    let body = match first {
        First::Whole(bytes) => {
            // Nothing of the response is left in the instance: it may take its next request while this one is written.
            drop((link, place));
            Full::from(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        First::Part(frames) => Continued::new(frames, body, Some((link, place))).boxed_unsync(),
    };
    Response::from_parts(parts, body)
}

enum First {
    /// The body has ended, with nothing but these bytes.
    Whole(Bytes),
    /// There is, or may be, more.
    Part(VecDeque<Result<Frame<Bytes>, Error>>),
}

async fn first_frames(body: &mut DurableBody, stream: bool) -> First {
    let deadline = Instant::now() + MOMENT;
    let mut frames = VecDeque::new();
    let mut length = 0;
    loop {
        let next = match timeout_at(deadline, body.frame()).await {
            Err(_) => return First::Part(frames),
            Ok(next) => next,
        };
        match next {
            None => return whole(frames),
            Some(Ok(frame)) if frame.is_data() => {
                length += frame.data_ref().map_or(0, Bytes::len);
                frames.push_back(Ok(frame));
            }
            // Trailers or an error: both belong behind the head, in their own place.
            Some(other) => {
                frames.push_back(other);
                return First::Part(frames);
            }
        }
        if length > SHORT || stream {
            return First::Part(frames);
        }
    }
}

fn whole(frames: VecDeque<Result<Frame<Bytes>, Error>>) -> First {
    let mut data = frames.into_iter().filter_map(|frame| frame.ok()?.into_data().ok());
    let Some(first) = data.next() else {
        return First::Whole(Bytes::new());
    };
    let mut rest = data.peekable();
    if rest.peek().is_none() {
        return First::Whole(first);
    }
    let mut joined = BytesMut::from(&first[..]);
    for bytes in rest {
        joined.extend_from_slice(&bytes);
    }
    First::Whole(joined.freeze())
}
