//! `/v1/audit/...`: who asks, for what, and the answer.

use audit::{Cursor, Snapshot, View, find};
use calendar::Millis;
use http::Method;
use kv_schemas::Store;
use serde::Serialize;
use shell::{Call, Problem, Reply, offline};

use crate::{caller::Caller, ndjson, query::Wanted};

#[derive(Serialize)]
struct Page {
    entries: Vec<View>,
    next_cursor: Option<String>,
}

/// Answers one request.
///
/// # Errors
/// The documented problems.
pub fn route<S: Store + Send + 'static>(call: &Call, store: S, admin_key: &str, now: Millis) -> Result<Reply, Problem> {
    let segments = call.segments();
    match segments.as_slice() {
        ["v1", "audit", "entries"] => {
            only_get(call)?;
            list(call, store, admin_key, now)
        }
        ["v1", "audit", "entries", id] => {
            only_get(call)?;
            one(call, &store, admin_key, now, id)
        }
        _ => Err(Problem::not_found("There is nothing at this address.")),
    }
}

fn only_get(call: &Call) -> Result<(), Problem> {
    if call.method == Method::GET {
        return Ok(());
    }
    Err(Problem::method_not_allowed(&["GET"]))
}

fn list<S: Store + Send + 'static>(call: &Call, store: S, admin_key: &str, now: Millis) -> Result<Reply, Problem> {
    let caller = Caller::of(call, &store, admin_key, now)?;
    let filter = caller.filter(call.query("tenant"))?;
    let wanted = Wanted::read(call, &filter)?;
    let snapshot = Snapshot::take(&store, filter.clone()).map_err(|error| offline(&error))?;
    let lines = wants_lines(call);
    if lines && !wanted.is_one_page() {
        return Ok(ndjson::stream(store, snapshot, &filter, wanted.period, wanted.start));
    }
    let (items, next) =
        snapshot.page(&store, wanted.period, wanted.start, wanted.page_size()).map_err(|error| offline(&error))?;
    let next_cursor = next.map(|next| Cursor::write(&filter, next));
    let reply = if lines {
        let lines = items.iter().filter_map(|item| serde_json::to_string(&item.view()).ok());
        Reply::bytes(200, ndjson::MEDIA_TYPE, lines.map(|line| line + "\n").collect::<String>())
    } else {
        let entries = items.iter().map(audit::Item::view).collect();
        Reply::json(200, &Page { entries, next_cursor: next_cursor.clone() })
    };
    Ok(match next_cursor {
        Some(cursor) => reply.with("x-next-cursor", &cursor),
        None => reply,
    })
}

fn wants_lines(call: &Call) -> bool {
    let accepted = call.header("accept").unwrap_or_default();
    accepted.split(',').any(|part| part.split(';').next().is_some_and(|media| media.trim() == ndjson::MEDIA_TYPE))
}

fn one(call: &Call, store: &dyn Store, admin_key: &str, now: Millis, id: &str) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, admin_key, now)?;
    let item = find(store, id).map_err(|error| offline(&error))?;
    // Another tenant's entry doesn't exist for this caller.
    let item = item.filter(|item| caller.may_see(&item.entry.tenant_id));
    let item = item.ok_or_else(|| Problem::not_found("There is no entry with this limit check id."))?;
    Ok(Reply::json(200, &item.view()))
}
