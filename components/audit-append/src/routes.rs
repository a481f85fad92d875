//! `/v1/audit/...`: who asks, for what, and the answer.

use audit::{Cursor, Filter, Item, Snapshot, View, find};
use calendar::Millis;
use http::{Method, Response};
use kv_schemas::Store;
use serde::Serialize;
use shell::{Call, Problem, Reply, offline};
use spin_sdk::http::{EmptyBody, box_body};

use crate::{
    caller::Caller,
    erasures, invoices, log, ndjson, proof,
    query::{Start, Wanted, accepts, no_cursor},
    settings::Settings,
};

#[derive(Serialize)]
struct Page {
    entries: Vec<View>,
    next_cursor: Option<String>,
}

/// Answers one request.
///
/// # Errors
/// The documented problems.
pub fn route<S: Store + Send + 'static>(
    call: &Call,
    store: S,
    settings: &Settings,
    now: Millis,
) -> Result<Reply, Problem> {
    let reply = answer(call, store, settings, now)?;
    Ok(if call.method == Method::HEAD { without_body(reply) } else { reply })
}

fn answer<S: Store + Send + 'static>(
    call: &Call,
    store: S,
    settings: &Settings,
    now: Millis,
) -> Result<Reply, Problem> {
    let admin_key = &settings.admin_key;
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
        ["v1", "audit", "entries", id, "proof"] => {
            only_get(call)?;
            proof::prove(call, &store, settings, now, id)
        }
        ["v1", "audit", "invoices", month] => {
            only_get(call)?;
            invoices::show(call, &store, admin_key, now, month)
        }
        ["v1", "audit", "erasures"] if call.method == Method::POST => erasures::ask(call, &store, settings, now),
        ["v1", "audit", "erasures"] => Err(Problem::method_not_allowed(&["POST"])),
        ["v1", "audit", "erasures", id] => {
            only_get(call)?;
            erasures::show(call, &store, settings, now, id)
        }
        ["v1", "audit", "log", ..] => {
            only_get(call)?;
            log::read(call, &store, settings, now)
        }
        _ => Err(Problem::not_found("There is nothing at this address.")),
    }
}

/// Or HEAD, which is GET without the body.
fn only_get(call: &Call) -> Result<(), Problem> {
    if call.method == Method::GET || call.method == Method::HEAD {
        return Ok(());
    }
    Err(Problem::method_not_allowed(&["GET", "HEAD"]))
}

fn without_body(Reply(response): Reply) -> Reply {
    Reply(Response::from_parts(response.into_parts().0, box_body(EmptyBody::new())))
}

fn list<S: Store + Send + 'static>(call: &Call, store: S, admin_key: &str, now: Millis) -> Result<Reply, Problem> {
    let caller = Caller::of(call, &store, admin_key, now)?;
    let filter = caller.filter(call.query("tenant"))?;
    let wanted = Wanted::read(call, &filter)?;
    let snapshot = Snapshot::take(&store, filter.clone()).map_err(|error| offline(&error))?;
    let lines = accepts(call, ndjson::MEDIA_TYPE);
    if lines && !wanted.is_one_page() {
        return match wanted.start {
            Start::Oldest(start) => Ok(ndjson::stream(store, snapshot, &filter, wanted.selection, start)),
            // Its header would have to name an entry that is only found on the way there.
            Start::Newest(_) => Err(Problem::invalid("order", "newest takes a `limit` where NDJSON is asked for")),
        };
    }
    let (items, next_cursor) = page(&store, &snapshot, &filter, &wanted)?;
    let reply = if lines {
        let lines = items.iter().filter_map(|item| serde_json::to_string(&item.view()).ok());
        let text = lines.map(|line| line + "\n").collect::<String>();
        Reply::bytes(200, ndjson::MEDIA_TYPE, text).with(ndjson::TOTAL, &snapshot.len().to_string())
    } else {
        let entries = items.iter().map(Item::view).collect();
        Reply::json(200, &Page { entries, next_cursor: next_cursor.clone() })
    };
    Ok(match next_cursor {
        Some(cursor) => reply.with("x-next-cursor", &cursor),
        None => reply,
    })
}

/// One page, and the cursor of the next.
fn page(
    store: &dyn Store,
    snapshot: &Snapshot,
    filter: &Filter,
    wanted: &Wanted,
) -> Result<(Vec<Item>, Option<String>), Problem> {
    let (selection, size) = (&wanted.selection, wanted.page_size());
    let below = match &wanted.start {
        Start::Oldest(start) => {
            let page = snapshot.page(store, selection, *start, size);
            let (items, next) = page.map_err(|error| offline(&error))?;
            return Ok((items, next.map(|next| Cursor::write(filter, next))));
        }
        Start::Newest(None) => None,
        Start::Newest(Some(id)) => {
            let found = snapshot.position_of(store, id).map_err(|error| offline(&error))?;
            Some(found.ok_or_else(no_cursor)?)
        }
    };
    let (items, next) = snapshot.page_down(store, selection, below, size).map_err(|error| offline(&error))?;
    Ok((items, next.map(|id| Cursor::write_below(filter, &id))))
}

fn one(call: &Call, store: &dyn Store, admin_key: &str, now: Millis, id: &str) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, admin_key, now)?;
    let item = find(store, id).map_err(|error| offline(&error))?;
    // Another tenant's entry doesn't exist for this caller.
    let item = item.filter(|item| caller.may_see(&item.entry.tenant_id));
    let item = item.ok_or_else(|| Problem::not_found("There is no entry with this limit check id."))?;
    Ok(Reply::json(200, &item.view()))
}
