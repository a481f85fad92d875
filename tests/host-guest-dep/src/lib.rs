//! Counters as a dependency: an exported interface and an HTTP service in one component.
#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU32, Ordering};

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "dependency", generate_all });
    use super::Counting;
    export!(Counting);
}
use bindings::exports::test::counting::{counters, statistics};
use bindings::wasi::keyvalue::{atomics, store};

struct Counting;

static CALLS: AtomicU32 = AtomicU32::new(0);

impl counters::Guest for Counting {
    fn add(name: String, delta: i64) -> Result<i64, String> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let bucket = store::open("default").map_err(|error| format!("{error:?}"))?;
        atomics::increment(&bucket, &name, delta).map_err(|error| format!("{error:?}"))
    }

    fn calls() -> u32 {
        CALLS.load(Ordering::Relaxed)
    }
}

impl statistics::Guest for Counting {
    fn calls() -> u32 {
        CALLS.load(Ordering::Relaxed)
    }
}

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    Ok(format!("dependency at {}", request.uri().path()))
}
