//! Twins: created, linked, deployed, listed, shown.

use ::twins::{Twin, find_twin, parse_environment, parse_link};
use serde_json::{Map, Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};

use super::{body, names, take, take_id};
use crate::{
    access::Who,
    refuse,
    twins::{self, Drawn, changing, drawn, found, make, make_link},
};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 100;

/// `POST /api/metatwin/create`
pub async fn create(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let mut body = body(call)?;
    // Somebody's voice is kept nowhere but at the voice vendor, where `train` sends it.
    let brought_voice = take(&mut body, "voiceprint")?.is_some();
    let vault = host::vault().await?;
    let work = async |drawn: &Drawn| {
        let twin = make(call, who, &body, drawn).await?;
        let mut answer = json!({
            "success": true,
            "message": "MetaTwin created successfully",
            "data": shown(store, &twin)?,
        });
        if brought_voice {
            answer["note"] = json!("The voiceprint was not kept: send it to /api/metatwin/train.");
        }
        Ok((201, answer))
    };
    idempotency::once(store, &vault, call, &who.owner(), drawn, work).await
}

/// `POST /api/metatwin/link`
pub async fn link(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let mut body = body(call)?;
    let twin = found(store, who, &take_id(&mut body)?)?;
    let asked = parse_link(&body).map_err(refuse::invalid)?;
    let url = make_link(call, &twin, &asked).await?;
    let message = "MetaTwin linked to module successfully";
    Ok(Reply::json(200, &json!({ "success": true, "message": message, "linkUrl": url })))
}

/// `POST /api/metatwin/deploy`
pub async fn deploy(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let mut body = body(call)?;
    let twin = found(store, who, &take_id(&mut body)?)?;
    let environment = parse_environment(&body).map_err(refuse::invalid)?;
    let twin = changing(call, |at| ::twins::deploy(at, &twin.tenant, environment)).await?;
    let message = "MetaTwin deployed successfully";
    Ok(Reply::json(200, &json!({ "success": true, "message": message, "data": shown(store, &twin)? })))
}

/// `GET /api/metatwin/list?limit=&cursor=`
pub fn list(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let limit = shell::page::limit(call.query("limit").as_deref(), DEFAULT_PAGE, MAX_PAGE)?;
    let after = twins::cursor(call)?;
    let failed = |error| offline(&error);
    let (found, next) = match who {
        Who::Server(own) => (find_twin(store, own).map_err(failed)?.into_iter().collect(), None),
        Who::Operator => {
            let page = ::twins::list(store, after, limit).map_err(failed)?;
            (page.twins, page.next)
        }
    };
    let data = found.iter().map(|twin| shown(store, twin)).collect::<Result<Vec<_>, _>>()?;
    let next = next.map(|next| next.to_string());
    Ok(Reply::json(200, &json!({ "success": true, "data": data, "nextCursor": next })))
}

/// `GET /api/metatwin/{mtid}`
pub fn get(store: &KeyValue, who: &Who, id: &str) -> Result<Reply, Problem> {
    let twin = found(store, who, id)?;
    Ok(Reply::json(200, &json!({ "success": true, "data": shown(store, &twin)? })))
}

/// A twin by their names: `trainingStatus` stands beside `status`.
pub fn shown(store: &KeyValue, twin: &Twin) -> Result<Json, Problem> {
    let ours = twins::shown(store, twin)?;
    let training = ours["training"]["status"].clone();
    let mut shown = Map::new();
    for (name, value) in ours.as_object().into_iter().flatten() {
        shown.insert(name.clone(), value.clone());
        if name == "status" {
            shown.insert("training_status".into(), training.clone());
        }
    }
    Ok(names::camel(&Json::Object(shown)))
}
