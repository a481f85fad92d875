//! `/api/metatwin/...`: the same twins by the paths and field names of an older interface. What is done, who may and what is
//! refused are those of `/v1/twins`; only the names are others.

mod economy;
mod health;
mod names;
mod twins;

use problem::Kind;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply};

use crate::{access, mesh};

/// Answers a request below `/api/metatwin`.
pub async fn route(call: &Call, store: &KeyValue, path: &[&str]) -> Result<Reply, Problem> {
    let allowed = methods(path).ok_or_else(|| Problem::not_found("There is nothing at this path."))?;
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::method_not_allowed(allowed));
    }
    match path {
        ["health"] => return Ok(health::get(call, store)),
        // Where the host speaks WebSocket, it takes such requests before they come here.
        ["live"] => {
            let message = "This path speaks WebSocket, where the host does; /v1/live tells the same over HTTP.";
            return Err(Problem::new(Kind::InvalidRequest, "websocket_required", message));
        }
        _ => {}
    }
    let who = access::who(call, store).await?;
    let answer = match path {
        ["create"] => twins::create(call, store, &who).await,
        ["link"] => twins::link(call, store, &who).await,
        ["deploy"] => twins::deploy(call, store, &who).await,
        ["economy", "register"] => economy::register(call, store, &who).await,
        ["mesh"] => mesh(call, store).await,
        ["list"] => twins::list(call, store, &who),
        [id] => twins::get(store, &who, id),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    };
    answer.map_err(names::problem)
}

fn methods(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        ["create"] | ["link"] | ["deploy"] | ["economy", "register"] => &["POST"],
        ["mesh"] | ["list"] | ["health"] | ["live"] => &["GET"],
        [id] if !id.is_empty() => &["GET"],
        _ => return None,
    })
}

/// `GET /api/metatwin/mesh`
async fn mesh(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let mesh = mesh::older_mesh(call, store).await?;
    Ok(Reply::json(200, &json!({ "success": true, "mesh": mesh })))
}

/// The body by our names.
fn body(call: &Call) -> Result<Json, Problem> {
    Ok(names::snake(&call.json()?))
}

/// Takes a text out of a body.
fn take(body: &mut Json, name: &str) -> Result<Option<String>, Problem> {
    match body.as_object_mut().and_then(|fields| fields.shift_remove(name)) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::invalid(name, format!("{name} must be a text"))),
    }
}

/// Takes the id of the twin that is meant out of a body.
fn take_id(body: &mut Json) -> Result<String, Problem> {
    take(body, "mtid")?.ok_or_else(|| Problem::invalid("mtid", "mtid is required"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_1_the_documents_paths_have_their_methods() {
        let check = |path: &[&str], allowed: Option<&str>| {
            assert_eq!(methods(path).map(|methods| methods.join(", ")).as_deref(), allowed, "{path:?}");
        };
        for path in ["create", "link", "deploy"] {
            check(&[path], Some("POST"));
        }
        check(&["economy", "register"], Some("POST"));
        for path in ["mesh", "list", "health", "live", "MTID%237K3Q-9D2M-XW4B"] {
            check(&[path], Some("GET"));
        }
        check(&["economy"], Some("GET"));
        check(&["economy", "x"], None);
        check(&[""], None);
        check(&[], None);
    }
}
