//! One HTTP request from the host to the routes.

use http::Response;
use shell::{Limits, host, serve};
use spin_sdk::http::{BoxBody, Request};
use spin_sdk::http_service;

use crate::{routes::route, settings::Settings};

/// An erasure names a session; no other route takes a body.
const LIMITS: Limits = Limits { body_bytes: 4096 };

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, LIMITS, async |call, store| {
        route(call, store, &Settings::read(host::setting), host::now())
    })
    .await
}
