//! Twins: made with the consent that they rest on, shown, changed, retired, listed.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use tenancy::Invalid;
use twins::{Mtid, Twin, find_twin, parse_consent, parse_twin};

use super::{changing, sealed, shown};
use crate::{access::Who, refuse};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 100;

/// What making a twin draws at random.
#[derive(Serialize, Deserialize)]
pub struct Drawn {
    /// The twin's id.
    pub twin: Mtid,
    /// Its first consent's.
    pub consent: String,
}

/// Draws it.
pub fn drawn() -> Drawn {
    Drawn { twin: Mtid::from_random(host::random()), consent: host::new_id("con_") }
}

/// `POST /v1/twins`
pub async fn create(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let body: Json = call.json()?;
    let vault = host::vault().await?;
    let work = async |drawn: &Drawn| {
        let twin = make(call, who, &body, drawn).await?;
        Ok((201, shown(store, &twin)?))
    };
    idempotency::once(store, &vault, call, &who.owner(), drawn, work).await
}

/// Makes a twin as the body says. Safe to repeat with what was drawn.
pub async fn make(call: &Call, who: &Who, body: &Json, drawn: &Drawn) -> Result<Twin, Problem> {
    let named = match body.get("tenant").filter(|tenant| !tenant.is_null()) {
        Some(Json::String(tenant)) => Some(tenant.as_str()),
        Some(_) => return Err(refuse::invalid(Invalid::new("tenant", "must be a tenant's id"))),
        None => None,
    };
    let traits = parse_twin(body).map_err(refuse::invalid)?;
    let tenant = who.tenant("tenant", named)?;
    let consent = body.get("consent").filter(|consent| !consent.is_null()).ok_or_else(refuse::consent_required)?;
    let asked = parse_consent("consent", consent, host::now()).map_err(refuse::invalid)?;
    let consent = sealed(&tenant, &drawn.consent, &asked).await?;
    changing(call, |at| twins::create(at, &tenant, drawn.twin, traits.clone(), consent.clone())).await
}

/// `GET /v1/twins/{id}`
pub fn get(store: &KeyValue, twin: &Twin) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &shown(store, twin)?))
}

/// `PATCH /v1/twins/{id}`
pub async fn update(call: &Call, store: &KeyValue, twin: &Twin) -> Result<Reply, Problem> {
    let patch: Json = call.json()?;
    let twin = changing(call, |at| twins::patch(at, &twin.tenant, &patch)).await?;
    Ok(Reply::json(200, &shown(store, &twin)?))
}

/// `DELETE /v1/twins/{id}`: for good.
pub async fn retire(call: &Call, twin: &Twin) -> Result<Reply, Problem> {
    changing(call, |at| twins::retire(at, &twin.tenant)).await?;
    Ok(Reply::empty(204))
}

/// `GET /v1/twins?limit=&cursor=`: all of them for the operator, its own for a server.
pub fn list(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let limit = shell::page::limit(call.query("limit").as_deref(), DEFAULT_PAGE, MAX_PAGE)?;
    let after = cursor(call)?;
    let failed = |error| offline(&error);
    let (found, next) = match who {
        Who::Server(own) => (find_twin(store, own).map_err(failed)?.into_iter().collect(), None),
        Who::Operator => {
            let page = twins::list(store, after, limit).map_err(failed)?;
            (page.twins, page.next)
        }
    };
    let shown = found.iter().map(|twin| shown(store, twin)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::json(200, &json!({ "twins": shown, "next_cursor": next.map(|next| next.to_string()) })))
}

/// Where the page begins.
pub fn cursor(call: &Call) -> Result<u64, Problem> {
    match call.query("cursor").as_deref() {
        None | Some("") => Ok(0),
        Some(text) => {
            text.parse().map_err(|_| Problem::invalid("cursor", "must be the next_cursor of an earlier page"))
        }
    }
}
