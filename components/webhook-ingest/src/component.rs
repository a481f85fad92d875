//! One HTTP request from the host to the routes.

use http::Response;
use shell::{Limits, host, serve};
use spin_sdk::http::{BoxBody, Request};
use spin_sdk::http_service;

use crate::{
    house::House,
    ledger::Leaves,
    port::Bundle,
    routes::{MAX_READ, route},
};

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, Limits { body_bytes: MAX_READ }, async |call, store| {
        let admin_key = host::variable("admin_key").await;
        let vault = host::vault().await;
        let house =
            House { store: &store, vendors: &Bundle, books: &Leaves, vault, admin_key: &admin_key, clock: &host::now };
        route(call, &house)
    })
    .await
}
