//! A tenant's recipes.

use runs::{
    Project, check_body, is_id,
    store::{self, KeptProject, Put},
};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use super::refuse::invalid;
use crate::caller::server;

const MAX_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;

/// `PUT /v1/projects/{id}`
pub fn put(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    check_body(&call.body).map_err(invalid)?;
    let recipe = Project::parse(id, &call.json()?).map_err(invalid)?;
    match store::put_project(store, &grant.tenant, recipe, host::now()).map_err(|error| offline(&error))? {
        Put::Made(kept) => Ok(Reply::json(201, &shown(&kept))),
        Put::Changed(kept) => Ok(Reply::json(200, &shown(&kept))),
        Put::TooMany => {
            let most = store::MAX_PROJECTS;
            Err(Problem::invalid("id", format!("would be one project too many: a tenant has at most {most}")))
        }
    }
}

/// `GET /v1/projects?limit=&cursor=`
pub fn list(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = server(call)?;
    Ok(Reply::json(200, &of(store, &grant.tenant, cursor(call)?.unwrap_or(0), limit(call)?)?))
}

/// A page of a tenant's recipes: `projects` and `next_cursor`.
pub fn of(store: &KeyValue, tenant: &str, after: u64, most: usize) -> Result<Json, Problem> {
    let page = store::projects(store, tenant, after, most).map_err(|error| offline(&error))?;
    let found: Vec<Json> = page.found.iter().map(shown).collect();
    Ok(json!({ "projects": found, "next_cursor": page.next.map(|next| next.to_string()) }))
}

/// `GET /v1/projects/{id}`
pub fn show(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    Ok(Reply::json(200, &shown(&find(store, &grant.tenant, id)?)))
}

/// `DELETE /v1/projects/{id}`: runs of it go on.
pub fn delete(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = server(call)?;
    let was_there = is_id(id) && delete_now(store, &grant.tenant, id)?;
    if was_there { Ok(Reply::empty(204)) } else { Err(unknown()) }
}

fn delete_now(store: &KeyValue, tenant: &str, id: &str) -> Result<bool, Problem> {
    store::delete_project(store, tenant, id, host::now()).map_err(|error| offline(&error))
}

/// A tenant's own recipe.
pub fn find(store: &KeyValue, tenant: &str, id: &str) -> Result<KeptProject, Problem> {
    // What can't be a name is no key either.
    if !is_id(id) {
        return Err(unknown());
    }
    store::project(tenant, id).get(store).map_err(|error| offline(&error))?.ok_or_else(unknown)
}

/// How many of a list.
pub fn limit(call: &Call) -> Result<usize, Problem> {
    let Some(text) = call.query("limit") else { return Ok(DEFAULT_PAGE) };
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_PAGE).contains(limit))
        .ok_or_else(|| Problem::invalid("limit", format!("must be from 1 to {MAX_PAGE}")))
}

/// Where a list goes on.
pub fn cursor(call: &Call) -> Result<Option<u64>, Problem> {
    let Some(text) = call.query("cursor") else { return Ok(None) };
    let cursor = text.parse().map_err(|_| Problem::invalid("cursor", "must be the next_cursor of an earlier page"))?;
    Ok(Some(cursor))
}

fn unknown() -> Problem {
    Problem::not_found("There is no such project.")
}

fn shown(kept: &KeptProject) -> Json {
    let mut shown = kept.project.show();
    shown["created_at"] = kept.created_at.to_string().into();
    shown["updated_at"] = kept.updated_at.to_string().into();
    shown
}
