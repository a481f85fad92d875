//! Sessions: opened over HTTP, verified by the shells above through the exported port `tollgate:core/sessions`.
//!
//! [`sessions`] opens them, [`list`] shows them, [`compliance`] says which pages are closed, [`port`] is the export,
//! [`key_sets`] fetches what end users' tokens are checked with.

mod bindings;
mod compliance;
mod key_sets;
mod list;
mod port;
mod sessions;

use http::{Method, Response};
use shell::{Call, KeyValue, Limits, Problem, Reply, serve};
use spin_sdk::{
    http::{BoxBody, Request},
    http_service,
};

bindings::port::export!(Port with_types_in bindings::port);
use port::Port;

/// A session's body is small.
const BODY: usize = 32 * 1024;

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, Limits { body_bytes: BODY }, route).await
}

async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    match (call.segments().as_slice(), &call.method) {
        (["v1", "sessions"], &Method::POST) => sessions::create(call, &store).await,
        (["v1", "sessions"], &Method::GET) => list::show(call, &store).await,
        (["v1", "sessions"], _) => Err(Problem::method_not_allowed(&["GET", "POST"])),
        (["v1", "compliance", "pages"], &Method::GET) => compliance::page(call, &store),
        (["v1", "compliance", "pages"], _) => Err(Problem::method_not_allowed(&["GET"])),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    }
}
