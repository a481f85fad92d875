//! Where a twin may be met: in production by pages, in staging by its tenant's server.

use shell::{Call, KeyValue, Problem, Reply};
use twins::{Twin, parse_environment};

use super::{changing, shown};
use crate::refuse;

/// `POST /v1/twins/{id}/deploy`
pub async fn put(call: &Call, store: &KeyValue, twin: &Twin) -> Result<Reply, Problem> {
    let environment = parse_environment(&call.json()?).map_err(refuse::invalid)?;
    let twin = changing(call, |at| twins::deploy(at, &twin.tenant, environment)).await?;
    Ok(Reply::json(200, &shown(store, &twin)?))
}

/// `DELETE /v1/twins/{id}/deploy`
pub async fn withdraw(call: &Call, twin: &Twin) -> Result<Reply, Problem> {
    changing(call, |at| twins::withdraw(at, &twin.tenant)).await?;
    Ok(Reply::empty(204))
}
