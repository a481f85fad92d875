//! Under which terms a twin may be used, and whose wallet earns by it.

use serde_json::{Value as Json, json};
use shell::{Call, Problem, Reply, host};
use twins::{Licence, Twin, parse_licence};

use super::changing;
use crate::refuse;

/// `PUT /v1/twins/{id}/licence`
pub async fn put(call: &Call, twin: &Twin) -> Result<Reply, Problem> {
    let asked = parse_licence(&call.json()?, host::now()).map_err(refuse::invalid)?;
    let twin = changing(call, |at| twins::license(at, &twin.tenant, asked.clone())).await?;
    get(&twin)
}

/// `GET /v1/twins/{id}/licence`
pub fn get(twin: &Twin) -> Result<Reply, Problem> {
    let licence = twin.licence.as_ref().ok_or_else(|| Problem::not_found("This twin has no licence."))?;
    Ok(Reply::json(200, &shown(licence)))
}

/// A licence as it is shown.
pub fn shown(licence: &Licence) -> Json {
    json!({
        "creator_wallet": licence.creator_wallet,
        "options": licence.options,
        "creator_share": licence.creator_share,
        "since": licence.at.to_string(),
    })
}
