//! `/v1/mesh`: what a company's twins are, and what they tell each other.
//!
//! [`status`] counts what is there, [`notes`] are left and read by twins that have opted in, [`caller`] says whose mesh it
//! is, [`older`] shows the status by other names.

pub mod caller;
mod live;
mod notes;
mod older;
mod status;
mod walk;

use shell::{Call, KeyValue, Problem, Reply};

pub use older::{mesh as older_mesh, pulse};

/// Answers what is below `/v1/mesh`.
pub async fn route(call: &Call, store: &KeyValue, path: &[&str]) -> Result<Reply, Problem> {
    match (path, call.method.as_str()) {
        ([], "GET") => status::get(call, store).await,
        (["notes"], "GET") => notes::list(call, store).await,
        (["notes"], "POST") => notes::leave(call, store).await,
        (["notes", id], "DELETE") => notes::remove(call, store, id).await,
        ([], _) => Err(Problem::method_not_allowed(&["GET"])),
        (["notes"], _) => Err(Problem::method_not_allowed(&["GET", "POST"])),
        (["notes", _], _) => Err(Problem::method_not_allowed(&["DELETE"])),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    }
}
