//! One session: look at it, end it with all that it holds at vendors.

use kv_schemas::Store;
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, offline};

use super::{end as ending, record, video};
use crate::{
    bindings::sessions::{self, Caller, Grant, RefusalKind, View},
    caller::{anyone, owns},
    problems::refused,
};

/// `GET /v1/sessions/{id}`
pub fn show(call: &Call, id: &str) -> Result<Reply, Problem> {
    let view = visible(&anyone(call)?, id)?;
    Ok(Reply::json(
        200,
        &json!({
            "id": view.id,
            "tenant_id": view.tenant,
            "channel": view.channel,
            "capabilities": view.capabilities,
            "module": view.module,
            "behavior": view.behavior,
            "status": view.status,
            "created_at": view.created_at,
            "expires_at": view.expires_at,
            "ended_by": view.ended_by,
        }),
    ))
}

/// `DELETE /v1/sessions/{id}`; idempotent, so a token of a session that has ended is good enough to end it.
pub async fn end(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = match sessions::verify(call.authorization(), call.origin().as_deref()) {
        Ok(grant) => grant,
        Err(refusal) if refusal.kind == RefusalKind::Unauthenticated && refusal.code == "session_ended" => {
            return Ok(Reply::empty(204));
        }
        Err(refusal) => return Err(refused(refusal)),
    };
    let view = visible(&grant, id)?;
    let by = if grant.caller == Caller::Page { "page" } else { "revoked" };
    finish(store, &view.id, by).await?;
    Ok(Reply::empty(204))
}

fn visible(grant: &Grant, id: &str) -> Result<View, Problem> {
    let view = sessions::get(&grant.tenant, id).map_err(refused)?;
    if owns(grant, &view.tenant, Some(&view.id)) {
        Ok(view)
    } else {
        Err(Problem::not_found("There is no such session."))
    }
}

/// Ends a session and what it holds. The session first: from then on it can start nothing new. If the vendor can't be
/// reached, maintenance finds the live session overdue and tries again.
pub async fn finish(store: &dyn Store, id: &str, by: &str) -> Result<(), Problem> {
    sessions::end(id, by).map_err(refused)?;
    if let Some(live) = record::held_by(store, id).map_err(|error| offline(&error))? {
        let at = video::end_of(store, &live)?;
        ending::end(store, &live.id, at).await?;
    }
    Ok(())
}
