//! `/v1/mesh/notes`: what twins of a company tell each other, if they want to.

use events::Event;
use kv_schemas::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use tenancy::Tenant;
use twins::{
    Mesh, find_twin,
    notes::{self, Note, NoteRead, parse_note},
};

use super::caller::{Caller, caller};
use crate::{refuse, twins::changing};

/// What leaving a note draws at random.
#[derive(Serialize, Deserialize)]
struct Drawn {
    id: String,
}

/// `POST /v1/mesh/notes`
pub async fn leave(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let Caller::Server(tenant) = caller(call, store).await? else {
        return Err(Problem::forbidden(
            "secret_key_required",
            "Only a twin leaves notes: show its tenant's secret key.",
        ));
    };
    let failed = |error: StoreError| offline(&error);
    let body: Json = call.json()?;
    let asked = parse_note(&body).map_err(refuse::invalid)?;
    opted_in(store, &tenant, |mesh| mesh.share)?;
    let vault = host::vault().await?;
    let draw = || Drawn { id: host::new_id("note_") };
    let owner = format!("mesh:{}", tenant.id);
    let work = async |drawn: &Drawn| {
        notes::join(store, &tenant.company, &tenant.id).map_err(failed)?;
        let whose = (drawn.id.as_str(), tenant.id.as_str(), host::now());
        let note = notes::leave(store, &vault, host::random(), &tenant.company, whose, &asked).map_err(failed)?;
        // What if we crash here? The note is there for who looks; a repeat tells those who weren't told.
        tell(store, &tenant.company, &note).map_err(failed)?;
        Ok((
            201,
            shown(&NoteRead {
                id: note.id,
                at: note.at,
                tenant: note.tenant,
                kind: note.kind,
                topic: asked.topic.clone(),
                text: asked.text.clone(),
            }),
        ))
    };
    idempotency::once(store, &vault, call, &owner, draw, work).await
}

/// `GET /v1/mesh/notes?company=`
pub async fn list(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let company = match caller(call, store).await? {
        Caller::Operator => call.query("company").ok_or_else(|| Problem::invalid("company", "is required"))?,
        Caller::Server(tenant) => {
            opted_in(store, &tenant, |mesh| mesh.share || mesh.learn)?;
            notes::join(store, &tenant.company, &tenant.id).map_err(|error| offline(&error))?;
            tenant.company
        }
    };
    let vault = host::vault().await?;
    let found = notes::list_notes(store, &vault, &company, host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "notes": found.iter().map(shown).collect::<Vec<_>>() })))
}

/// `DELETE /v1/mesh/notes/{id}?company=`: a tenant takes its own back, the operator any of the company's.
pub async fn remove(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let (company, tenant) = match caller(call, store).await? {
        Caller::Operator => (call.query("company").ok_or_else(|| Problem::invalid("company", "is required"))?, None),
        Caller::Server(tenant) => (tenant.company, Some(tenant.id)),
    };
    match changing(call, |at| notes::remove_note(at, &company, tenant.as_deref(), id)).await? {
        true => Ok(Reply::empty(204)),
        false => Err(Problem::not_found("There is no such note of yours.")),
    }
}

/// A twin that may be used, and that has said so.
fn opted_in(store: &KeyValue, tenant: &Tenant, says: impl Fn(Mesh) -> bool) -> Result<(), Problem> {
    let twin = find_twin(store, &tenant.id).map_err(|error| offline(&error))?;
    let closed = tenant.twin.as_ref().is_none_or(|access| access.closed.is_some());
    match twin.filter(|twin| !closed && twin.retired_at.is_none() && says(twin.mesh)) {
        Some(_) => Ok(()),
        None => Err(Problem::forbidden("mesh_not_shared", "This tenant's twin doesn't take part in the mesh.")),
    }
}

/// Tells the feeds of those who take part. What the note says isn't told there: it lies sealed.
fn tell(store: &dyn Store, company: &str, note: &Note) -> Result<(), StoreError> {
    let twin = find_twin(store, &note.tenant)?.map(|twin| twin.id.to_string());
    let data = json!({ "id": note.id, "kind": note.kind, "twin": twin });
    let event = Event::new("mesh.note", &note.id, note.at, None, data);
    for tenant in notes::members(store, company)? {
        if find_twin(store, &tenant)?.is_some_and(|twin| twin.mesh.share || twin.mesh.learn) {
            events::emit(store, &tenant, &event)?;
        }
    }
    Ok(())
}

fn shown(note: &NoteRead) -> Json {
    json!({
        "id": note.id,
        "tenant_id": note.tenant,
        "kind": note.kind,
        "topic": note.topic,
        "text": note.text,
        "created_at": note.at.to_string(),
    })
}
