//! Calls `POST /v1/maintenance` once a second, through the same path a request takes, only without the network.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::server::Gate;

const PERIOD: Duration = Duration::from_secs(1);
const PATH: &str = "/v1/maintenance";
/// Failures in a row are one message a minute, not one a second.
const QUIET: Duration = Duration::from_secs(60);

/// Runs until dropped. One call ends before the next begins, however long it takes.
pub async fn run(gate: Arc<Gate>, admin_key: String) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_message: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let Err(reason) = call(&gate, &admin_key).await else {
            continue;
        };
        if last_message.is_none_or(|at| at.elapsed() >= QUIET) {
            tracing::warn!(reason, "maintenance failed");
            last_message = Some(Instant::now());
        }
    }
}

/// Whether the application has such a route.
pub fn is_routed(gate: &Gate) -> bool {
    gate.routes(PATH)
}

async fn call(gate: &Gate, admin_key: &str) -> Result<(), String> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header("host", "localhost")
        .header(AUTHORIZATION, format!("Bearer {admin_key}"))
        .body(Empty::new().map_err(|never: std::convert::Infallible| match never {}).boxed_unsync())
        .map_err(|error| error.to_string())?;
    let response = gate.handle(request, None).await;
    let status = response.status();
    // Read to its end: only then is the work done, and the instance free again.
    response.into_body().collect().await.map_err(|error| error.to_string())?;
    if status.is_success() { Ok(()) } else { Err(format!("status {status}")) }
}
