//! The authority on tenancy: tenants, companies, keys, vendor bindings and prices, for the operator.
//!
//! [`route`] knows the paths; one file per noun does the work with crate `tenancy`, which notes every change in the
//! [`journal`] before it makes it. Also here: [`health`] and the
//! [`openapi`] document of the whole interface.

mod access;
mod bindings;
mod certificates;
mod companies;
mod endpoint;
mod front;
mod health;
mod journal;
mod keys;
mod maintenance;
mod mesh;
mod openapi;
mod prices;
mod privacy;
mod refuse;
mod reseal;
mod route;
mod tenants;
mod twins;

use http::Response;
use shell::{KeyValue, Limits, serve};
use spin_sdk::http::{BoxBody, Request};

// Exported only where there is a host to call it: its name is none that a native linker takes.
#[cfg_attr(target_family = "wasm", spin_sdk::http_service)]
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
async fn handle(request: Request) -> Response<BoxBody> {
    // A store that can't even be opened must not keep us from saying so as `/health` does.
    if request.uri().path() == "/health"
        && let Err(error) = KeyValue::open()
    {
        return health::without_store(&error);
    }
    serve(env!("CARGO_PKG_NAME"), request, Limits::default(), route::route).await
}
