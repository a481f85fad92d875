//! Links of a twin to modules: issued, shown, taken away, resolved.

use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use twins::{BehaviorMode, LinkAddress, LinkAsked, NotAMode, Twin, is_module, owned, parse_link};

use super::{changing, shown};
use crate::{access::Who, refuse};

/// `POST /v1/twins/{id}/links`
pub async fn create(call: &Call, store: &KeyValue, who: &Who, twin: &Twin) -> Result<Reply, Problem> {
    let asked = parse_link(&call.json()?).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let work = async |_: &()| Ok((201, json!({ "link_url": make(call, twin, &asked).await? })));
    idempotency::once(store, &vault, call, &who.owner(), || (), work).await
}

/// Issues a link; gives its address.
pub async fn make(call: &Call, twin: &Twin, asked: &LinkAsked) -> Result<String, Problem> {
    let (twin, link) = changing(call, |at| twins::link(at, &twin.tenant, asked.clone())).await?;
    Ok(link.url(twin.id))
}

/// `GET /v1/twins/{id}/links`
pub fn list(twin: &Twin) -> Reply {
    let links: Vec<Json> = twin.links.iter().map(|link| shown::link(twin.id, link)).collect();
    Reply::json(200, &json!({ "links": links }))
}

/// `DELETE /v1/twins/{id}/links/{module}?mode=`: all of the module's, or that of one mode.
pub async fn delete(call: &Call, twin: &Twin, module: &str) -> Result<Reply, Problem> {
    if !is_module(module) {
        return Err(Problem::invalid("module", "module must be 1 to 40 of a-z 0-9 -"));
    }
    let mode = match call.query("mode").as_deref() {
        None | Some("") => None,
        Some(text) => Some(
            text.parse::<BehaviorMode>()
                .map_err(|error: NotAMode| Problem::invalid("mode", format!("mode {error}")))?,
        ),
    };
    changing(call, |at| twins::unlink(at, &twin.tenant, module, mode)).await?;
    Ok(Reply::empty(204))
}

/// `GET /v1/twins/resolve?link=`: whose link it is, and what it opens. One that wasn't issued is unknown.
pub fn resolve(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let link = call.query("link").filter(|link| !link.is_empty());
    let link = link.ok_or_else(|| Problem::invalid("link", "link is required"))?;
    let address = LinkAddress::parse(&link).map_err(|error| Problem::invalid("link", format!("link {error}")))?;
    let unknown = || Problem { code: "link_unknown".into(), ..Problem::not_found("There is no such link.") };
    let twin = owned(store, &address.owner()).map_err(|error| offline(&error))?.ok_or_else(unknown)?;
    who.may(&twin.tenant)?;
    let issued = twin.links.iter().find(|issued| address.is(issued)).ok_or_else(unknown)?;
    Ok(Reply::json(
        200,
        &json!({
            "tenant_id": twin.tenant,
            "id": twin.id,
            "module": issued.module,
            "mode": issued.mode,
            "deployed": twin.status() == "deployed",
        }),
    ))
}
