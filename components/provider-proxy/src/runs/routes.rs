//! Looking at runs, and changing them.

use kv_schemas::Store;
use runs::{Fact, Run, Status, apply, parse_steps, store};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use super::{
    begin::refused,
    drive,
    lease::Held,
    links,
    projects::{cursor, invalid, limit},
    rounds,
};
use crate::{bindings::sessions::Grant, caller::server};

/// `GET /v1/runs?limit=&cursor=&status=`
pub async fn list(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = server(call)?;
    let (before, most) = (cursor(call)?, limit(call)?);
    let status = match call.query("status") {
        None => None,
        Some(name) => Some(Status::named(&name).ok_or_else(|| {
            Problem::invalid("status", "must be running, waiting, paused, done, failed or cancelled")
        })?),
    };
    let wanted = |run: &Run| status.is_none_or(|status| run.status == status);
    let page = store::runs(store, &grant.tenant, before, most, wanted).map_err(|error| offline(&error))?;
    let mut found = Vec::new();
    for run in &page.found {
        found.push(links::with_link(runs::show_without_results(run), run, run.pending().as_ref()).await?);
    }
    Ok(Reply::json(200, &json!({ "runs": found, "next_cursor": page.next.map(|next| next.to_string()) })))
}

/// `GET /v1/runs/{id}`: how it is; drives it where something is due.
pub async fn one(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    Ok(Reply::json(200, &shown(&show(store, &grant, id).await?).await?))
}

/// A tenant's run as it is, driven where something is due. Somebody else being at it, or a store in trouble, is no reason
/// not to show it.
pub async fn show(store: &KeyValue, grant: &Grant, id: &str) -> Result<Run, Problem> {
    let run = find(store, grant, id)?;
    drive::look_at_jobs(store, &run).await;
    match drive::drive(&run).await {
        Ok(Some(run)) => Ok(run),
        Ok(None) => find(store, grant, id),
        Err(problem) => {
            eprintln!("driving {id}: {} {}", problem.code, problem.message);
            find(store, grant, id)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Continue {
    #[serde(default)]
    steps: Json,
    #[serde(default)]
    retry: Vec<String>,
}

/// `POST /v1/runs/{id}/continue`: more steps, another try of some, or only on from a pause.
pub async fn go_on(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    find(store, &grant, id)?;
    let Continue { steps, retry } =
        if call.body.is_empty() { Continue { steps: Json::Null, retry: Vec::new() } } else { call.json()? };
    let steps = parse_steps(&steps).map_err(invalid)?;
    change(store, id, Fact::Continue { steps, retry }).await
}

/// `POST /v1/runs/{id}/cancel`
pub async fn cancel(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    find(store, &grant, id)?;
    change(store, id, Fact::Cancel).await
}

async fn change(store: &KeyValue, id: &str, fact: Fact) -> Result<Reply, Problem> {
    let run = under_lease(id, |run| apply(run, fact, host::now()).map(drop).map_err(refused)).await?;
    rounds::drive_if_neglected(store, &run).await;
    Ok(Reply::json(200, &shown(&run).await?))
}

/// Changes a run, and writes it down. What follows from that is for whoever drives it next.
pub async fn under_lease(id: &str, work: impl FnOnce(&mut Run) -> Result<(), Problem>) -> Result<Run, Problem> {
    let held = Held::wait_for(id).await?;
    let outcome = changed(&*held.store, id, work);
    held.release();
    outcome
}

fn changed(store: &dyn Store, id: &str, work: impl FnOnce(&mut Run) -> Result<(), Problem>) -> Result<Run, Problem> {
    let found = store::run(id).get(store).map_err(|error| offline(&error))?;
    let mut run = found.ok_or_else(unknown)?;
    work(&mut run)?;
    store::save(store, &mut run).map_err(|error| offline(&error))?;
    Ok(run)
}

/// A run of the caller's. What is another's doesn't exist.
fn find(store: &KeyValue, grant: &Grant, id: &str) -> Result<Run, Problem> {
    // What can't be an id is no key either.
    let found = if runs::is_run_id(id) { store::run(id).get(store).map_err(|error| offline(&error))? } else { None };
    found.filter(|run| run.tenant == grant.tenant).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("There is no such run.")
}

/// The run as its tenant sees it.
pub async fn shown(run: &Run) -> Result<Json, Problem> {
    links::with_link(runs::show(run), run, run.pending().as_ref()).await
}
