//! `/v1/snapshot` and `/v1/snapshots`: the state of the whole, now and as it was.

mod daily;
mod gather;
mod kept;
#[cfg(test)]
mod tests;

pub use daily::{WORK, make_if_due};
pub use kept::newest;

use kv_schemas::{Store, StoreError};
use serde_json::json;
use shell::{Call, Problem, Reply, host, offline, page};

/// `GET /v1/snapshot`: as it is now; nothing is recorded.
pub fn now(store: &dyn Store) -> Result<Reply, Problem> {
    let snapshot = gather::gather(store, host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &snapshot))
}

/// `POST /v1/snapshots`: as it is now, recorded. A repeat within the minute has the same name, and replaces it.
pub fn post(store: &dyn Store) -> Result<Reply, Problem> {
    let now = host::now();
    let record = || -> Result<_, StoreError> {
        let snapshot = gather::gather(store, now)?;
        Ok((kept::keep(store, now, &snapshot)?, snapshot))
    };
    let (name, snapshot) = record().map_err(|error| offline(&error))?;
    let location = format!("/v1/snapshots/{name}");
    Ok(Reply::json(201, &json!({ "name": name, "snapshot": snapshot })).with("location", &location))
}

/// `GET /v1/snapshots?limit=&cursor=`: the newest first.
pub fn list(call: &Call, store: &dyn Store) -> Result<Reply, Problem> {
    let limit = page::limit(call.query("limit").as_deref(), 20, 100)?;
    let before = match call.query("cursor") {
        None => None,
        Some(text) if text.is_empty() => None,
        Some(text) => {
            let wrong = |_| Problem::invalid("cursor", "must be the next_cursor of an earlier page");
            Some(text.parse().map_err(wrong)?)
        }
    };
    let page = kept::page(store, before, limit).map_err(|error| offline(&error))?;
    let snapshots: Vec<_> = page
        .names
        .iter()
        .map(|name| json!({ "name": name, "taken_at": snapshot::taken_at(name).map(|at| at.to_string()) }))
        .collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Reply::json(200, &json!({ "snapshots": snapshots, "next_cursor": next })))
}

/// `GET /v1/snapshots/{name}`
pub fn get(store: &dyn Store, name: &str) -> Result<Reply, Problem> {
    let found = kept::find(store, name).map_err(|error| offline(&error))?;
    let snapshot = found.ok_or_else(|| Problem::not_found("There is no such snapshot."))?;
    Ok(Reply::json(200, &snapshot))
}
