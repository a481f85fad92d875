//! Runs: a tenant's recipes, performed step by step, with people's approvals in between. The state machine is crate
//! `runs`; here are its routes, the driver that does what it plans, and the page at which somebody decides.
//!
//! ```text
//!   POST /v1/runs ──▶ record ◀──lease── driver ──▶ jobs, permits, events      (maintenance, every second)
//!                        ▲                 ▲
//!             approvals, continue, cancel  GET /v1/runs/{id}
//! ```

mod approvals;
mod begin;
mod drive;
mod form;
mod html;
mod lease;
mod links;
mod page;
mod projects;
mod refuse;
mod rounds;
mod routes;
#[cfg(test)]
mod sample;
mod standing;
mod start;
mod tell;

use http::Method;
use shell::{Call, KeyValue, Problem, Reply};

pub use begin::{create_for, start_for};
pub use links::shown;
pub use projects::of as projects_of;
pub use rounds::{drive_neglected, maintain};
pub use routes::show;

/// `/v1/projects/...`, `/v1/runs/...`, `/v1/approvals/...`
pub async fn route(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    match (call.method.clone(), call.segments().as_slice()) {
        (Method::GET, ["v1", "projects"]) => projects::list(call, store),
        (Method::PUT, ["v1", "projects", id]) => projects::put(call, store, id),
        (Method::GET, ["v1", "projects", id]) => projects::show(call, store, id),
        (Method::DELETE, ["v1", "projects", id]) => projects::delete(call, store, id),
        (Method::POST, ["v1", "runs"]) => begin::create(call, store).await,
        (Method::GET, ["v1", "runs"]) => routes::list(call, store).await,
        (Method::GET, ["v1", "runs", id]) => routes::one(call, store, id).await,
        (Method::POST, ["v1", "runs", id, "continue"]) => routes::go_on(call, store, id).await,
        (Method::POST, ["v1", "runs", id, "cancel"]) => routes::cancel(call, store, id).await,
        (Method::GET, ["v1", "approvals", token]) => approvals::page(call, store, token).await,
        (Method::POST, ["v1", "approvals", token]) => approvals::decide(call, store, token).await,
        (_, ["v1", "projects"]) | (_, ["v1", "runs", _]) => Err(Problem::method_not_allowed(&["GET"])),
        (_, ["v1", "projects", _]) => Err(Problem::method_not_allowed(&["GET", "PUT", "DELETE"])),
        (_, ["v1", "runs"]) | (_, ["v1", "approvals", _]) => Err(Problem::method_not_allowed(&["GET", "POST"])),
        (_, ["v1", "runs", _, "continue" | "cancel"]) => Err(Problem::method_not_allowed(&["POST"])),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    }
}
