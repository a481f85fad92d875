//! The beginning of a run. Its first steps are begun by whoever drives it next.

use problem::Fallback;
use runs::{Begin, Chat, Refused, Run, Step, parse_steps, store};
use serde::Deserialize;
use serde_json::Value as Json;
use shell::{
    Call, KeyValue, Kind, Problem, Reply, host,
    idempotency::{self, Begun, Head},
    offline,
};

use super::{
    projects::{self, invalid},
    routes::shown,
};
use crate::{bindings::sessions::Grant, caller::server, vendor::callback};

/// How long one attempt to begin may take before a repeat may take over.
const LEASE_MS: u64 = 10 * calendar::SECOND;

/// When there may be room in a full queue again.
const QUEUE_MS: u64 = 30 * calendar::SECOND;

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
    let Body { project, steps, input } = call.json()?;
    let draw = || host::new_id("run_");
    let Some(key) = call.idempotency_key()? else {
        let run = begin(call, store, &grant, draw(), project, steps, input).await?;
        return created(&run).await;
    };
    let vault = host::vault().await?;
    let owner = format!("run:{}:{}", grant.tenant, grant.credential);
    // What if we crash in between? A repeat comes with the same id, and finds the run or makes it.
    let (attempt, id) = match idempotency::begin(store, &vault, call, key, &owner, LEASE_MS, draw)? {
        Begun::Before(reply) => return Ok(reply),
        Begun::Now(attempt, id) => (attempt, id),
    };
    match begin(call, store, &grant, id, project, steps, input).await {
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

async fn begin(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    id: String,
    project: Option<String>,
    steps: Option<Json>,
    input: Json,
) -> Result<Run, Problem> {
    let recipe = match (project, steps) {
        (Some(project), None) => of_project(store, &grant.tenant, project)?,
        (None, Some(steps)) => {
            Recipe { project: None, title: String::new(), steps: parse_steps(&steps).map_err(invalid)? }
        }
        (None, None) => return Err(Problem::invalid("project", "is required, or steps")),
        (Some(_), Some(_)) => return Err(Problem::invalid("steps", "must be absent where a project is named")),
    };
    make(store, grant, id, recipe, input, callback::base(call).await, None)
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
    make(store, grant, run_id.to_owned(), recipe, input, base, chat)
}

/// Who asks for a project that isn't there named it in the body, not in the path.
fn of_project(store: &KeyValue, tenant: &str, id: String) -> Result<Recipe, Problem> {
    let kept = projects::find(store, tenant, &id).map_err(|problem| match problem.kind {
        Kind::NotFound => Problem::invalid("project", "is no project of this tenant"),
        _ => problem,
    })?;
    Ok(Recipe { project: Some(id), title: kept.project.title, steps: kept.project.steps })
}

fn make(
    store: &KeyValue,
    grant: &Grant,
    id: String,
    recipe: Recipe,
    input: Json,
    base: Option<String>,
    chat: Option<Chat>,
) -> Result<Run, Problem> {
    let known = store::run(&id).get(store).map_err(|error| offline(&error))?;
    if let Some(run) = known.filter(|run| run.tenant == grant.tenant) {
        return Ok(run);
    }
    let begin = Begin {
        id,
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
    store::enlist(store, &mut run).map_err(|error| offline(&error))?;
    Ok(run)
}

/// A refusal of the state machine as the HTTP interface says it.
pub fn refused(refusal: Refused) -> Problem {
    let (code, message) = (refusal.code(), refusal.to_string());
    match refusal {
        Refused::Invalid(fault) => invalid(fault),
        Refused::QueueFull => busy(Problem::new(Kind::RateLimited, code, message), QUEUE_MS),
        Refused::NoGate => Problem::not_found(message),
        Refused::LinkExpired => Problem::forbidden(code, message),
        Refused::RunOver | Refused::Decided | Refused::NotNow => Problem::conflict(code, message),
    }
}

/// Whoever is told so comes back after a while.
pub fn busy(problem: Problem, after_ms: u64) -> Problem {
    let fallback = Fallback { mode: "offline".into(), message: problem.message.clone() };
    Problem { retry_after_ms: Some(after_ms), fallback: Some(fallback), ..problem }
}
