//! One request from head to answer: bounded body, request id, errors in the documented shape, CORS.

use bytes::{Bytes, BytesMut};
use http::{Method, Response, header};
use http_body_util::BodyExt;
use problem::{Kind, Problem};
use spin_sdk::http::{BoxBody, Request};

use crate::{Call, KeyValue, Reply, cors, host, offline};

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

/// Serves one request with `route`.
pub async fn serve<F>(request: Request, limits: Limits, route: F) -> Response<BoxBody>
where
    F: AsyncFnOnce(&Call, KeyValue) -> Result<Reply, Problem>,
{
    let request_id = host::new_id("req_");
    let (parts, body) = request.into_parts();
    let declared: Option<usize> =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let body = match declared {
        Some(length) if length > limits.body_bytes => Err(too_large(limits)),
        _ => read(body, limits).await,
    };
    let (body, refusal) = match body {
        Ok(body) => (body, None),
        Err(problem) => (Bytes::new(), Some(problem)),
    };
    let call = Call::new(parts, body, request_id);
    let reply = match (KeyValue::open(), refusal) {
        (_, Some(problem)) => Reply::problem(&problem, &call.request_id),
        (Err(error), None) => Reply::problem(&offline(&error), &call.request_id),
        (Ok(store), None) if call.method == Method::OPTIONS => cors::preflight(&store, &call),
        (Ok(store), None) => {
            route(&call, store).await.unwrap_or_else(|problem| Reply::problem(&problem, &call.request_id))
        }
    };
    let reply = match (call.headers.contains_key("origin"), KeyValue::open()) {
        (true, Ok(store)) => cors::share(&store, &call, reply),
        _ => reply,
    };
    reply.with("x-request-id", &call.request_id).0
}

fn too_large(limits: Limits) -> Problem {
    Problem::new(Kind::TooLarge, "too_large", format!("The body may have at most {} bytes.", limits.body_bytes))
}

async fn read<B>(body: B, limits: Limits) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let cut = |_| Problem::new(Kind::InvalidRequest, "incomplete_body", "The body ended early.");
        let Ok(data) = frame.map_err(cut)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > limits.body_bytes {
            return Err(too_large(limits));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
