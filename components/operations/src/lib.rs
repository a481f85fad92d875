//! What an operator looks at: metrics, snapshots, reports of checks. It reads what the others have written, and writes
//! nothing of theirs.

mod census;
mod checks;
#[cfg(test)]
mod house;
mod maintenance;
mod metrics;
mod route;
mod runs;
mod snapshots;

use http::Response;
use shell::{Limits, serve};
use spin_sdk::http::{BoxBody, Request};

#[cfg_attr(target_family = "wasm", spin_sdk::http_service)]
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, Limits::default(), route::route).await
}
