//! Looking at runs, and changing them.

use calendar::Millis;
use kv_schemas::Store;
use runs::{Fact, Run, Status, apply, check_body, parse_steps, store};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};

use super::{
    drive,
    lease::Held,
    links::{self, shown},
    projects::{cursor, limit},
    refuse::{invalid, refused, too_many},
    rounds, standing,
};
use crate::{bindings::sessions::Grant, caller::server, vendor::callback};

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
    let base = callback::public_base().await;
    let vault = host::vault().await?;
    // One run is held at a time: they may be large.
    let shown = |run: &Run| {
        let is_wanted = status.is_none_or(|status| run.status == status);
        is_wanted.then(|| links::linked(runs::show_without_results(run), run, base.as_deref(), &vault))
    };
    let page = store::runs(store, &grant.tenant, before, most, shown).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "runs": page.found, "next_cursor": page.next.map(|next| next.to_string()) })))
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
    let is_due = drive::is_due(store, &run);
    // Read again when it was driven: two of them are too many.
    drop(run);
    let driven = match is_due {
        Ok(true) => drive::drive_due(id).await.map(drop),
        Ok(false) => Ok(()),
        Err(problem) => Err(problem),
    };
    if let Err(problem) = driven {
        shell::warn!("driving", about = id, code = problem.code, message = problem.message);
    }
    find(store, grant, id)
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
    check_body(&call.body).map_err(invalid)?;
    let Continue { steps, retry } =
        if call.body.is_empty() { Continue { steps: Json::Null, retry: Vec::new() } } else { call.json()? };
    let steps = parse_steps(&steps).map_err(invalid)?;
    let fact = Fact::Continue { steps, retry };
    let vault = host::vault().await?;
    let owner = format!("run:{}:{}", grant.tenant, grant.credential);
    // What if we crash in between? A repeat comes with the same name, and finds it in the run or not.
    let name = || host::new_id("go_");
    idempotency::once(store, &vault, call, &owner, name, async |name| {
        // Revived, it counts again.
        let is_over = find(store, &grant, id)?.is_settled();
        if is_over && store::is_full(store, &grant.tenant, host::now()).map_err(|error| offline(&error))? {
            return Err(too_many());
        }
        let run = under_lease(id, |run| {
            // A revoked key spends no more: who continues answers for what follows.
            if !standing::is_standing(store, run).map_err(|error| offline(&error))? {
                run.credential = grant.credential.clone();
            }
            continued(run, name, fact.clone(), host::now())
        });
        let run = run.await?;
        rounds::drive_if_neglected(store, &run).await;
        Ok((200, shown(&run).await?))
    })
    .await
}

/// Names that a run remembers.
const MAX_CONTINUED: usize = 16;

/// Once for each name. Name and change are one write.
fn continued(run: &mut Run, name: &str, fact: Fact, now: Millis) -> Result<(), Problem> {
    if run.continued.iter().any(|known| known == name) {
        return Ok(());
    }
    apply(run, fact, now).map_err(refused)?;
    run.continued.push(name.to_owned());
    let old = run.continued.len().saturating_sub(MAX_CONTINUED);
    run.continued.drain(..old);
    Ok(())
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

#[cfg(test)]
mod tests {
    use runs::Begin;

    use super::*;
    use crate::runs::sample::{NOW, new_run};

    #[test]
    fn a_continuation_is_taken_once_for_each_name() {
        let mut run = new_run();
        let mut check = |name: &str, step: &str, expected: Result<usize, &str>| {
            let steps = parse_steps(&json!([{ "id": step, "kind": "k" }])).unwrap();
            let done = continued(&mut run, name, Fact::Continue { steps, retry: Vec::new() }, NOW);
            let found = done.map(|()| run.steps.len()).map_err(|problem| problem.code);
            assert_eq!(found.as_ref().map_err(|code| code.as_str()), expected.as_ref().map_err(|code| *code), "{name}");
        };
        check("go_1", "b", Ok(2));
        // The answer was lost: the same comes again, and once more after another.
        check("go_1", "b", Ok(2));
        check("go_2", "c", Ok(3));
        check("go_1", "b", Ok(3));
        check("go_3", "b", Err("invalid_request"));
        // What was refused isn't remembered.
        check("go_3", "d", Ok(4));
        for n in 4..100 {
            run.continued.push(format!("go_{n}"));
        }
        continued(&mut run, "go_100", Fact::Continue { steps: Vec::new(), retry: Vec::new() }, NOW).unwrap();
        assert_eq!(run.continued.len(), MAX_CONTINUED);
    }
}
