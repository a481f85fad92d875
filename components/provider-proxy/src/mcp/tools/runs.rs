//! `list_projects`, `start_run` and `get_run_status`.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use shell::{Problem, host};

use super::{Asked, Given, Use, arguments};
use crate::{messages, runs, vendor::callback};

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

/// With a key, a repeat finds the run that the first has begun.
pub async fn start(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Start { project, input } = arguments(used.arguments)?;
    let id = match &used.meta.key {
        Some(key) => messages::run_id(&["mcp", &asked.grant.tenant, &asked.grant.credential, key]),
        None => host::new_id("run_"),
    };
    let base = callback::base(asked.call).await;
    let run = runs::start_for(asked.store, &asked.grant, &id, &project, Json::Object(input), base, None)?;
    Ok(Given::json(runs::shown(&run).await?))
}

pub async fn status(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Which { run_id } = arguments(used.arguments)?;
    let run = runs::show(asked.store, &asked.grant, &run_id).await?;
    Ok(Given::json(runs::shown(&run).await?))
}
