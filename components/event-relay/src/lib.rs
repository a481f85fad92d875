//! Tells tenants' servers and pages what happened: streams and pages of the feed, and its delivery to endpoints.
//!
//! The only component besides session-authorize that may call any host: so it holds no vendor's key, and imports nothing
//! but the answer to who is calling.

mod access;
mod bindings;
mod dead_letters;
mod deliver;
mod feed;
mod send;
mod silence;
mod stream;
mod ticket;
mod trial;

use http::{Method, Response};
use shell::{Call, KeyValue, Limits, Problem, Reply, serve};
use spin_sdk::http::{BoxBody, Request};

/// No route here reads its body.
const BODY: Limits = Limits { body_bytes: 1024 };

#[cfg_attr(target_family = "wasm", spin_sdk::http_service)]
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, BODY, route).await
}

async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    match (call.method.clone(), call.segments().as_slice()) {
        (Method::GET, ["v1", "events"]) => feed::tell(call, store),
        (Method::GET, ["v1", "live"]) => feed::live(call, store),
        (Method::GET, ["v1", "events", "dead-letters"]) => dead_letters::list(call, &store),
        (Method::POST, ["v1", "events", "dead-letters", id, "redeliver"]) => dead_letters::redeliver(call, &store, id),
        (Method::POST, ["v1", "events", "test"]) => trial::test(call, &store),
        (Method::POST, ["v1", "maintenance", "events"]) => deliver::run(call, &store).await,
        (_, path) => Err(unrouted(path)),
    }
}

fn unrouted(path: &[&str]) -> Problem {
    match path {
        ["v1", "events"] | ["v1", "live"] | ["v1", "events", "dead-letters"] => Problem::method_not_allowed(&["GET"]),
        ["v1", "events", "test"]
        | ["v1", "events", "dead-letters", _, "redeliver"]
        | ["v1", "maintenance", "events"] => Problem::method_not_allowed(&["POST"]),
        _ => Problem::not_found("There is nothing at this path."),
    }
}
