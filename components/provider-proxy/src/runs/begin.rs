//! The beginning of a run. Its first steps are begun by whoever drives it next.

use std::time::Duration;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use runs::{Begin, Chat, Run, Step, check_body, parse_steps, store};
use serde::Deserialize;
use serde_json::Value as Json;
use shell::{
    Call, KeyValue, Kind, Problem, Reply, host,
    idempotency::{self, Begun, Head},
    offline,
};

use super::{
    links::shown,
    projects,
    refuse::{busy, invalid, refused, too_many},
};
use crate::{bindings::sessions::Grant, caller::server, vendor::callback};

/// How long one attempt to begin may take before a repeat may take over.
const LEASE_MS: u64 = 10 * calendar::SECOND;

/// What the caller asks for: a project of its own, or steps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    steps: Option<Json>,
    #[serde(default)]
    input: Json,
}

/// What is performed.
struct Recipe {
    project: Option<String>,
    title: String,
    steps: Vec<Step>,
}

/// `POST /v1/runs`
pub async fn create(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = server(call)?;
    create_for(call, store, &grant, callback::base(call).await).await
}

/// The same for somebody who is known already, and whose call doesn't tell where the gate is.
pub async fn create_for(call: &Call, store: &KeyValue, grant: &Grant, base: Option<String>) -> Result<Reply, Problem> {
    check_body(&call.body).map_err(invalid)?;
    let Body { project, steps, input } = call.json()?;
    let Some(key) = call.idempotency_key()? else {
        let run = begin(store, grant, None, project, steps, input, base)?;
        return created(&run).await;
    };
    let vault = host::vault().await?;
    let owner = format!("run:{}:{}", grant.tenant, grant.credential);
    // What if we crash in between? A repeat comes with the same id, and finds the run or makes it.
    let (attempt, id) = match idempotency::begin(store, &vault, call, key, &owner, LEASE_MS, draw)? {
        Begun::Before(reply) => return Ok(reply),
        Begun::Now(attempt, id) => (attempt, id),
    };
    match begin(store, grant, Some(id), project, steps, input, base) {
        Ok(run) => {
            let reply = created(&run).await?;
            let body = shown(&run).await?.to_string();
            attempt.finish(store, &vault, &Head::of(&reply).whole(body.as_bytes()))?;
            Ok(reply)
        }
        Err(problem) => {
            attempt.abandon(store, &problem);
            Err(problem)
        }
    }
}

async fn created(run: &Run) -> Result<Reply, Problem> {
    Ok(Reply::json(201, &shown(run).await?).with("location", &format!("/v1/runs/{}", run.id)))
}

fn begin(
    store: &KeyValue,
    grant: &Grant,
    id: Option<String>,
    project: Option<String>,
    steps: Option<Json>,
    input: Json,
    base: Option<String>,
) -> Result<Run, Problem> {
    let recipe = match (project, steps) {
        (Some(project), None) => of_project(store, &grant.tenant, project)?,
        (None, Some(steps)) => {
            Recipe { project: None, title: String::new(), steps: parse_steps(&steps).map_err(invalid)? }
        }
        (None, None) => return Err(Problem::invalid("project", "is required, or steps")),
        (Some(_), Some(_)) => return Err(Problem::invalid("steps", "must be absent where a project is named")),
    };
    make(store, grant, id, recipe, input, base, None)
}

/// Begins a run of a tenant's project for somebody who has no request of its own, under an id of theirs: `run_` and up to
/// 64 letters and digits. Repeated with the same id it gives the same run.
pub fn start_for(
    store: &KeyValue,
    grant: &Grant,
    run_id: &str,
    project: &str,
    input: Json,
    base: Option<String>,
    chat: Option<Chat>,
) -> Result<Run, Problem> {
    let recipe = of_project(store, &grant.tenant, project.to_owned())?;
    make(store, grant, Some(run_id.to_owned()), recipe, input, base, chat)
}

/// Who asks for a project that isn't there named it in the body, not in the path.
fn of_project(store: &KeyValue, tenant: &str, id: String) -> Result<Recipe, Problem> {
    let kept = projects::find(store, tenant, &id).map_err(|problem| match problem.kind {
        Kind::NotFound => Problem::invalid("project", "is no project of this tenant"),
        _ => problem,
    })?;
    Ok(Recipe { project: Some(id), title: kept.project.title, steps: kept.project.steps })
}

/// Without an id a new one is drawn, and nobody else makes that run.
fn make(
    store: &KeyValue,
    grant: &Grant,
    id: Option<String>,
    recipe: Recipe,
    input: Json,
    base: Option<String>,
    chat: Option<Chat>,
) -> Result<Run, Problem> {
    let is_named = id.is_some();
    if let Some(id) = &id
        && let Some(known) = store::run(id).get(store).map_err(|error| offline(&error))?
    {
        return own(known, grant);
    }
    let begin = Begin {
        id: id.unwrap_or_else(draw),
        tenant: grant.tenant.clone(),
        credential: grant.credential.clone(),
        channel: grant.channel.clone(),
        base,
        chat,
        project: recipe.project,
        title: recipe.title,
        steps: recipe.steps,
        input,
    };
    let mut run = Run::start(begin, host::now()).map_err(refused)?;
    if !is_named {
        let is_room = store::enlist(store, &mut run).map_err(|error| offline(&error))?;
        return if is_room { Ok(run) } else { Err(too_many()) };
    }
    // Its time is over before the lease's is.
    let fence = KeyValue::open_for(Duration::from_millis(store::HOLD_MS)).map_err(|error| offline(&error))?;
    match enlist_once(&fence, run, host::now()).map_err(|error| offline(&error))? {
        Once::Begun(run) => own(*run, grant),
        Once::Full => Err(too_many()),
        Once::Busy => {
            let message = "The run is just being begun by somebody else. Try again in a moment.";
            Err(busy(Problem::new(Kind::Offline, "run_busy", message), 2 * calendar::SECOND))
        }
    }
}

fn draw() -> String {
    host::new_id("run_")
}

fn own(run: Run, grant: &Grant) -> Result<Run, Problem> {
    if run.tenant == grant.tenant { Ok(run) } else { Err(Problem::conflict("run_taken", "This id is another run's.")) }
}

/// What became of a run that may have been begun before.
enum Once {
    /// By this call, or by an earlier one.
    Begun(Box<Run>),
    /// There is no room for one more.
    Full,
    /// Somebody is at it.
    Busy,
}

/// Under the run's lease: another may have begun it, and driven it on.
fn enlist_once(store: &dyn Store, mut run: Run, now: Millis) -> Result<Once, StoreError> {
    store::forget_lease(store, &run)?;
    let Some(lease) = store::lease(store, &run.id, now)? else { return Ok(Once::Busy) };
    let once = match store::run(&run.id).get(store)? {
        Some(known) => Once::Begun(Box::new(known)),
        None if store::enlist(store, &mut run)? => Once::Begun(Box::new(run)),
        None => Once::Full,
    };
    // What if we crash before? Whoever comes next waits until the lease is over.
    lease.release_alone(store)?;
    Ok(once)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kv_schemas::{gap::Gap, memory::Memory};
    use runs::{Fact, Status, apply};
    use serde_json::json;

    use super::*;
    use crate::runs::sample::{NOW, new_run};

    #[test]
    fn of_two_who_begin_one_run_neither_undoes_what_was_done_to_it() {
        for at in 0.. {
            let (store, is_cancelled) = (Memory::default(), Cell::new(false));
            // Another begins the same run, and somebody cancels it.
            let other = |store: &dyn Store| {
                if let Once::Begun(mut run) = enlist_once(store, new_run(), NOW).unwrap() {
                    apply(&mut run, Fact::Cancel, NOW).unwrap();
                    store::save(store, &mut run).unwrap();
                    is_cancelled.set(true);
                }
            };
            let gap = Gap::new(&store, at, &other);
            let is_ours = matches!(enlist_once(&gap, new_run(), NOW).unwrap(), Once::Begun(_));
            let run = store::run("run_1").get(&store).unwrap();
            // Where two meet perhaps neither goes on: both are told to come again.
            assert_eq!(run.is_some(), is_ours || is_cancelled.get(), "{at}");
            let stays = run.as_ref().map(|run| run.status == Status::Cancelled);
            assert_eq!(stays.unwrap_or(false), is_cancelled.get(), "before operation {at}");
            if !gap.reached() {
                break;
            }
        }
    }
}
