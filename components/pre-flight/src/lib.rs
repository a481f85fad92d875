//! The one authority on money, units, rate and concurrency. Exports `tollgate:core/limits` to the components above it
//! and serves `/v1/preflight`, `/v1/usage` and `/v1/usage/days` to tenants' own servers.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, unused_imports, reason = "only wasm has the entry"))]

mod bindings;
mod caller;
mod days;
mod denials;
mod exports;
mod preflight;
mod usage;

use http::{Method, Response};
use shell::{Call, KeyValue, Limits, Problem, Reply, serve};
use spin_sdk::{
    http::{BoxBody, Request},
    http_service,
};

/// The largest request body.
const BODY: Limits = Limits { body_bytes: 64 * 1024 };

#[cfg_attr(target_family = "wasm", http_service)]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, BODY, route).await
}

async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    match (call.method.clone(), call.segments().as_slice()) {
        (Method::POST, ["v1", "preflight"]) => preflight::check(call, &store).await,
        (Method::GET, ["v1", "usage"]) => usage::show(call, &store).await,
        (Method::GET, ["v1", "usage", "days"]) => days::show(call, &store).await,
        (_, ["v1", "preflight"]) => Err(Problem::method_not_allowed(&["POST"])),
        (_, ["v1", "usage"] | ["v1", "usage", "days"]) => Err(Problem::method_not_allowed(&["GET"])),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    }
}
