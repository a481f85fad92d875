//! Live events by WebSocket, for pages that have no stream of server-sent events to read.
//!
//! ```text
//! GET /api/metatwin/live, Upgrade: websocket      here it becomes
//! GET /v1/live, Accept: text/event-stream         with the same credential, origin and query; refused, that is the answer
//! 101                                             and each event is one text message, with its place as `cursor`
//! ```
//! The component knows nothing of sockets: it answers a stream, which ends by its own rules and holds its place in the house.
//! Without an upgrade the path is the component's like any other.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT};
use http::header::{SEC_WEBSOCKET_PROTOCOL, UPGRADE, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi_http::WasiBody;

use self::handshake::Handshake;
use super::{Gate, OutBody, live};

mod allowance;
mod events;
mod handshake;
mod pump;

/// Where a socket is opened.
pub const PATH: &str = "/api/metatwin/live";
/// Which stream it tells.
const STREAM: &str = "/v1/live";
const EVENTS: HeaderValue = HeaderValue::from_static(live::EVENTS);

/// Whether a request wants a socket, and not an answer.
pub fn is_wanted<B>(request: &Request<B>) -> bool {
    request.uri().path() == PATH && handshake::is_upgrade(request)
}

/// Answers a request that wants one. The socket ends with the stream, with its client, or when `stop` says so.
pub async fn open(
    gate: &Arc<Gate>,
    mut request: Request<WasiBody>,
    client: SocketAddr,
    stop: CancellationToken,
) -> Response<OutBody> {
    let handshake = match Handshake::of(&request) {
        Ok(handshake) => handshake,
        Err(refusal) => return refusal.into_response(),
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let answer = gate.handle(inner(&request, &handshake), client).await;
    let is_stream =
        answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS.as_bytes()));
    if answer.status() != StatusCode::OK || !is_stream {
        return answer;
    }
    tokio::spawn(pump::run(upgraded, live::until(answer, &stop).into_body(), stop));
    switching(&handshake)
}

/// The request that the component sees.
fn inner(request: &Request<WasiBody>, handshake: &Handshake) -> Request<WasiBody> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut inner = Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    // It was a path and a query before, and is one again.
    *inner.uri_mut() = format!("{STREAM}{query}").parse().unwrap_or_else(|_| http::Uri::from_static(STREAM));
    for name in [HOST, ORIGIN, USER_AGENT] {
        if let Some(value) = request.headers().get(&name) {
            inner.headers_mut().insert(name, value.clone());
        }
    }
    inner.headers_mut().insert(ACCEPT, EVENTS);
    if let Some(credential) = &handshake.authorization {
        inner.headers_mut().insert(AUTHORIZATION, credential.clone());
    }
    inner
}

fn switching(handshake: &Handshake) -> Response<OutBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, handshake.accept.clone());
    if let Some(protocol) = &handshake.protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol.clone());
    }
    response
}
