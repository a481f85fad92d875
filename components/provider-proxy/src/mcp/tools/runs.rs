//! `list_projects`, `start_run` and `get_run_status`.

use http::HeaderValue;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use shell::{Call, Kind, Problem};

use super::{Asked, Given, Use, arguments};
use crate::{runs, vendor::callback};

/// Projects that are shown: a tenant with more of them names the one it means.
const MOST: usize = 100;

pub fn list_described() -> Json {
    json!({
        "name": "list_projects",
        "title": "List projects",
        "description": "Lists the recipes that can be run, with their steps.",
        "inputSchema": { "type": "object", "properties": {}, "additionalProperties": false },
        "outputSchema": {
            "type": "object",
            "properties": {
                "projects": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "id": { "type": "string" }, "title": { "type": "string" } },
                        "required": ["id"],
                    },
                },
            },
            "required": ["projects"],
        },
        "annotations": { "title": "List projects", "readOnlyHint": true, "openWorldHint": false },
    })
}

pub fn start_described() -> Json {
    json!({
        "name": "start_run",
        "title": "Start a run",
        "description": "Begins to perform a project. It goes on by itself, may wait for a person's approval, and costs \
            money, within the limits of whoever owns the key.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "project": { "type": "string", "description": "Its id, as list_projects gives it." },
                "input": { "type": "object", "description": "What the project takes." },
            },
            "required": ["project"],
            "additionalProperties": false,
        },
        "outputSchema": run_schema(),
        "annotations": {
            "title": "Start a run", "readOnlyHint": false, "destructiveHint": false, "idempotentHint": false,
            "openWorldHint": true,
        },
    })
}

pub fn status_described() -> Json {
    json!({
        "name": "get_run_status",
        "title": "Look at a run",
        "description": "Tells how a run is: its steps, the approval it waits for with the link to it, its result.",
        "inputSchema": {
            "type": "object",
            "properties": { "run_id": { "type": "string", "description": "As start_run gave it: run_..." } },
            "required": ["run_id"],
            "additionalProperties": false,
        },
        "outputSchema": run_schema(),
        "annotations": { "title": "Look at a run", "readOnlyHint": true, "openWorldHint": false },
    })
}

fn run_schema() -> Json {
    let states = ["running", "waiting", "paused", "done", "failed", "cancelled"];
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "status": { "type": "string", "enum": states },
            "steps": { "type": "array", "items": { "type": "object" } },
            "gate": { "type": ["object", "null"], "description": "What a person has to approve, and where." },
            "result": { "type": ["object", "null"] },
        },
        "required": ["id", "status", "steps"],
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    project: String,
    #[serde(default)]
    input: Map<String, Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    run_id: String,
}

pub fn list(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Nothing {} = arguments(used.arguments)?;
    Ok(Given::json(json!({ "projects": runs::projects_of(asked.store, &asked.grant.tenant, 0, MOST)?["projects"] })))
}

/// As by `POST /v1/runs`: with a key, a repeat gets the first answer, and nothing else can be begun by it.
pub async fn start(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Start { project, input } = arguments(used.arguments)?;
    let body = json!({ "project": project, "input": input });
    let mut call = Call::of_gate("/v1/runs", body.to_string(), &asked.call.request_id);
    if let Some(key) = &used.meta.key {
        let wrong = |_| Problem::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters");
        call.headers.insert("idempotency-key", HeaderValue::from_str(key).map_err(wrong)?);
    }
    let base = callback::base(asked.call).await;
    let reply = runs::create_for(&call, asked.store, &asked.grant, base).await?;
    let body = reply.0.into_body().collect().await.map_err(|_| Problem::offline())?.to_bytes();
    let unreadable = |_| Problem::new(Kind::Internal, "answer_unreadable", "The answer can't be read.");
    serde_json::from_slice(&body).map(Given::json).map_err(unreadable)
}

pub async fn status(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Which { run_id } = arguments(used.arguments)?;
    let run = runs::show(asked.store, &asked.grant, &run_id).await?;
    Ok(Given::json(runs::shown(&run).await?))
}
