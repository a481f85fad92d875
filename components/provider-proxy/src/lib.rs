//! The proxy: everything that calls a vendor, and everything that needs more than one of the leaves.
//!
//! It does the I/O that the pure adapters plan: permit first, then the key, then the vendor, then the log. It also
//! serves the routes that end in a settlement (`/v1/preflight/...`, `/v1/sessions/...`, `/v1/audit/corrections`), since a
//! leaf can't import the log, and the maintenance that settles what crashed callers left.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, unused_imports, reason = "only wasm has the entry"))]

mod bindings;
mod caller;
mod chat;
mod context;
mod corrections;
mod disclosure;
mod handed;
mod jobs;
mod keyed;
mod live;
mod maintenance;
mod mcp;
mod messages;
mod metered;
mod permits;
mod persona;
mod problems;
mod record;
mod relay;
mod resolve;
mod router_health;
mod runs;
mod session_events;
mod speech;
mod stop;
mod telemetry;
mod told;
mod topic;
mod training;
mod vendor;

use http::{Method, Response};
use live::{rooms, sessions, ticks, video};
use shell::{Call, KeyValue, Limits, Problem, Reply, serve};
use spin_sdk::{
    http::{BoxBody, Request},
    http_service,
};
use vendor::catalog;

/// The largest request body: a chat with images in it.
const BODY: Limits = Limits { body_bytes: 1024 * 1024 };

#[cfg_attr(target_family = "wasm", http_service)]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, BODY, route).await
}

async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let answer = routed(call, store).await;
    if let Err(problem) = &answer {
        telemetry::refused(call, problem);
    }
    answer
}

async fn routed(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let segments = call.segments();
    match (call.method.clone(), segments.as_slice()) {
        (Method::POST, ["v1", "chat", "completions"]) => chat::complete(call, store).await,
        (Method::GET, ["v1", "models"]) => chat::models(call, &store),
        (Method::POST, ["v1", "speech"]) => speech::speak(call, store).await,
        (Method::DELETE, ["v1", "speech", id]) => speech::interrupt(call, &store, id),
        (Method::POST, ["v1", "video", "sessions"]) => video::start(call, &store).await,
        (Method::DELETE, ["v1", "video", "sessions", id]) => video::stop(call, &store, id).await,
        (Method::POST, ["v1", "realtime", "tokens"]) => rooms::token(call, &store).await,
        (Method::GET, ["v1", "context", topic @ ..]) => context::show(call, store, topic).await,
        (Method::POST, ["v1", "jobs"]) => jobs::begin(call, &store).await,
        (Method::GET, ["v1", "jobs", id]) => jobs::show(call, &store, id).await,
        (Method::GET, ["v1", "vendors"]) => catalog::list(call),
        (Method::GET, ["v1", "router", "health"]) => router_health::show(call, &store),
        (Method::GET, ["v1", "sessions", id]) => sessions::show(call, id),
        (Method::DELETE, ["v1", "sessions", id]) => sessions::end(call, &store, id).await,
        (Method::POST, ["v1", "sessions", id, "ticks"]) => ticks::tick(call, &store, id).await,
        (Method::POST, ["v1", "preflight", id, "settle"]) => resolve::settle(call, id),
        (Method::DELETE, ["v1", "preflight", id]) => resolve::release(call, id),
        (Method::POST, ["v1", "audit", "corrections"]) => corrections::correct(call),
        (Method::POST, ["v1", "mcp"]) => mcp::serve(call, &store).await,
        (_, ["v1", "projects" | "runs" | "approvals", ..]) => runs::route(call, &store).await,
        (Method::POST, ["v1", "twins", id, "train"]) => training::train(call, &store, id).await,
        (Method::POST, ["api", "metatwin", "train"]) => training::train_by_mtid(call, &store).await,
        (Method::POST, ["v1", "maintenance", "runs"]) => runs::maintain(call, &store).await,
        (Method::POST, ["v1", "maintenance", "messages"]) => messages::maintain(call),
        (Method::POST, ["v1", "maintenance"]) => maintenance::run(call, &store).await,
        (_, path) => Err(unrouted(path)),
    }
}

fn unrouted(path: &[&str]) -> Problem {
    let methods: &[&str] = match path {
        ["v1", "chat", "completions"] | ["v1", "video", "sessions"] | ["v1", "realtime", "tokens"] => &["POST"],
        ["v1", "speech" | "maintenance" | "jobs" | "mcp"] | ["v1", "audit", "corrections"] => &["POST"],
        ["v1", "sessions", _, "ticks"]
        | ["v1", "preflight", _, "settle"]
        | ["v1", "twins", _, "train"]
        | ["api", "metatwin", "train"]
        | ["v1", "maintenance", "runs" | "messages"] => &["POST"],
        ["v1", "models" | "vendors"] | ["v1", "router", "health"] | ["v1", "jobs", _] | ["v1", "context", ..] => {
            &["GET"]
        }
        ["v1", "sessions", _] => &["GET", "DELETE"],
        ["v1", "speech" | "preflight", _] | ["v1", "video", "sessions", _] => &["DELETE"],
        _ => return Problem::not_found("There is nothing at this path."),
    };
    Problem::method_not_allowed(methods)
}
