//! Streams that go on for as long as somebody listens. They end when the gate stops: they hold nothing that would have to be
//! finished, and whoever listens comes back to the next gate with the last place it has seen.
//!
//! Left alone, each of them keeps a gate that stops waiting until its patience is over, since its component notices only at
//! its next sign of life that nobody listens.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::Response;
use http::header::CONTENT_TYPE;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;
use wasmtime_wasi_http::Error;

use super::OutBody;
use crate::instance::worker::Instance;

/// Where they are told, and what they are.
const PATHS: [&str; 2] = ["/v1/live", "/v1/events"];
pub const EVENTS: &str = "text/event-stream";

/// Whether this path tells live events, to who asks for a stream of them.
pub fn tells(path: &str) -> bool {
    PATHS.contains(&path.trim_end_matches('/'))
}

/// An answer that is such a stream ends with `stop`, and its instance isn't waited for after it. Any other stays as it is.
pub fn until(response: Response<OutBody>, stop: &CancellationToken) -> Response<OutBody> {
    let is_stream =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS.as_bytes()));
    if !is_stream {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let instance = parts.extensions.remove();
    let stopped = Box::pin(stop.clone().cancelled_owned());
    Response::from_parts(parts, Live { body, instance, stop: stop.clone(), stopped }.boxed_unsync())
}

struct Live {
    body: OutBody,
    instance: Option<Instance>,
    stop: CancellationToken,
    stopped: BoxFuture<'static, ()>,
}

impl Body for Live {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // The future must not be asked again once it has answered.
        if self.stop.is_cancelled() || self.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Also where the client went first: its component may notice only after the gate was told to stop.
        if let Some(instance) = &self.instance {
            instance.leave();
        }
    }
}
