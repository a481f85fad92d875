//! What an endpoint never took: listed, and sent again.

use events::delivery::{Dead, NotDead, dead_letters, redeliver as send_again};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::{access, feed};

/// `GET /v1/events/dead-letters?limit=`: the newest first.
pub fn list(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let tenant = access::tenant(call, store)?;
    let limit = feed::limit(call.query("limit"))?;
    let dead = dead_letters(store, &tenant, limit).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "dead_letters": dead.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(dead: &Dead) -> Json {
    let mut shown = dead.event.told();
    shown["attempts"] = json!(dead.attempts);
    shown["reason"] = json!(dead.reason);
    shown["died_at"] = json!(dead.at.to_string());
    shown
}

/// `POST /v1/events/dead-letters/{id}/redeliver`: it is on its way.
pub fn redeliver(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let tenant = access::tenant(call, store)?;
    match send_again(store, &tenant, id, host::now()) {
        Ok(()) => Ok(Reply::json(202, &json!({ "id": id }))),
        Err(NotDead::Unknown) => Err(Problem::not_found("There is no such dead letter.")),
        Err(NotDead::NoEndpoint) => Err(Problem::conflict("no_endpoint", "There is no endpoint to send it to.")),
        Err(NotDead::Store(error)) => Err(offline(&error)),
    }
}
