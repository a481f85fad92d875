//! One request from head to answer: bounded body, request id, errors in the documented shape, CORS.

use bytes::Bytes;
use http::{Method, Response, header};
use http_body_util::BodyExt;
use problem::{Kind, Problem};
use spin_sdk::http::{BoxBody, Request};

use crate::{Call, KeyValue, Reply, cors, host, log, offline};

/// Bounds of a component's requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body that is read, in bytes.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024 }
    }
}

/// How much of a body that is too large is read beyond the limit, and forgotten. A connection that is cut while its
/// client still sends shows there as a broken pipe, and the 413 is never seen; but nobody is listened to for good.
const MAX_DRAINED: usize = 10 * 1024 * 1024;

/// Serves one request with `route`. `component` is what its log line calls who serves it.
pub async fn serve<F>(component: &'static str, request: Request, limits: Limits, route: F) -> Response<BoxBody>
where
    F: AsyncFnOnce(&Call, KeyValue) -> Result<Reply, Problem>,
{
    let request_id = host::new_id("req_");
    let (parts, body) = request.into_parts();
    let declared: Option<usize> =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    // Who asks before sending (RFC 9110, 10.1.1) gets the answer instead of a `100 Continue`.
    let asks_first =
        parts.headers.get(header::EXPECT).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let body = match declared {
        Some(length) if length > limits.body_bytes && asks_first => Err(too_large(limits)),
        Some(length) if length > limits.body_bytes => {
            drain(body, limits.body_bytes.saturating_add(MAX_DRAINED)).await;
            Err(too_large(limits))
        }
        declared => read(body, limits, declared).await,
    };
    let (body, refusal) = match body {
        Ok(body) => (body, None),
        Err(problem) => (Bytes::new(), Some(problem)),
    };
    let call = Call::new(parts, body, request_id, component);
    let store = KeyValue::open();
    let reply = match (store.clone(), refusal) {
        (_, Some(problem)) => Reply::problem(&problem, &call.request_id),
        (Err(error), None) => Reply::problem(&offline(&error), &call.request_id),
        (Ok(store), None) if call.method == Method::OPTIONS => cors::preflight(&store, &call),
        (Ok(store), None) => {
            route(&call, store).await.unwrap_or_else(|problem| Reply::problem(&problem, &call.request_id))
        }
    };
    let reply = match (call.headers.contains_key("origin"), store) {
        (true, Ok(store)) => cors::share(&store, &call, reply),
        _ => reply,
    };
    let reply = reply.with("x-request-id", &call.request_id);
    log::request(&call, &reply);
    reply.0
}

fn too_large(limits: Limits) -> Problem {
    Problem::new(Kind::TooLarge, "too_large", format!("The body may have at most {} bytes.", limits.body_bytes))
}

/// Reads a body. One of a declared length ends there: what comes after is no body, and its end needn't be waited for.
async fn read<B>(body: B, limits: Limits, declared: Option<usize>) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    while declared != Some(first.len() + more.len())
        && let Some(frame) = body.frame().await
    {
        let cut = |_| Problem::new(Kind::InvalidRequest, "incomplete_body", "The body ended early.");
        let Ok(data) = frame.map_err(cut)?.into_data() else {
            continue;
        };
        if first.len() + more.len() + data.len() > limits.body_bytes {
            drain(body, MAX_DRAINED).await;
            return Err(too_large(limits));
        }
        // Most bodies are one piece, which needn't be copied.
        if first.is_empty() {
            first = data;
        } else {
            more.extend_from_slice(&data);
        }
    }
    Ok(if more.is_empty() { first } else { [first.as_ref(), &more].concat().into() })
}

/// Reads and forgets what is left of a refused body, up to about `most` bytes.
async fn drain<B>(body: B, most: usize)
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut left = most;
    while left > 0 {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        // An empty frame counts too: there is an end to everything.
        left = left.saturating_sub(frame.data_ref().map_or(1, |data| data.len().max(1)));
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use futures::{executor::block_on, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    const CHUNK: usize = 64 * 1024;

    #[test]
    fn a_refused_body_is_read_on_for_a_while() {
        let check = |chunks: usize, most_taken: usize, whole: bool| {
            let taken = Cell::new(0);
            let frames = (0..chunks).map(|_| {
                taken.set(taken.get() + CHUNK);
                Ok::<_, Infallible>(Frame::data(Bytes::from(vec![7; CHUNK])))
            });
            let got = block_on(read(StreamBody::new(stream::iter(frames)), Limits { body_bytes: 10 * CHUNK }, None));
            match got {
                Ok(bytes) => assert!(whole && bytes.len() == chunks * CHUNK, "{chunks}"),
                Err(problem) => assert!(!whole && problem.kind == Kind::TooLarge, "{chunks}"),
            }
            assert_eq!(taken.get(), most_taken, "{chunks}");
        };
        check(0, 0, true);
        check(10, 10 * CHUNK, true);
        check(11, 11 * CHUNK, false);
        check(40, 40 * CHUNK, false);
        // The chunk that was too much, then no more than the bound.
        check(10_000, 11 * CHUNK + MAX_DRAINED, false);
    }

    #[test]
    fn a_body_of_declared_length_ends_there() {
        let check = |declared: Option<usize>, pieces: &[&'static str], expected: Option<&str>| {
            let pieces = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
            let frames = pieces.chain([Err("never waited for")]).collect::<Vec<_>>();
            let got = block_on(read(StreamBody::new(stream::iter(frames)), Limits::default(), declared));
            assert_eq!(got.ok().as_deref(), expected.map(str::as_bytes), "{declared:?}");
        };
        check(Some(2), &["{}"], Some("{}"));
        check(Some(4), &["{", "}", "  "], Some("{}  "));
        check(Some(0), &[], Some(""));
        check(Some(3), &["{}"], None);
        check(None, &["{}"], None);
    }

    #[test]
    fn a_body_that_breaks_off_is_refused_as_such() {
        let frames = [Ok(Frame::data(Bytes::from_static(b"{"))), Err("reset")];
        let got = block_on(read(StreamBody::new(stream::iter(frames)), Limits::default(), None));
        assert_eq!(got.unwrap_err().code, "incomplete_body");
    }
}
