//! Paths and methods.

use http::Method;
use shell::{Call, KeyValue, Problem, Reply, operator};

use crate::{
    access, bindings, certificates, companies, endpoint, front, health, keys, maintenance, mesh, openapi, prices,
    privacy, tenants, twins,
};

/// Answers one request.
pub async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let path = call.segments();
    // Who may, these say themselves.
    match path.as_slice() {
        ["v1", "twins", rest @ ..] => return twins::route(call, &store, rest).await,
        ["api", "metatwin", rest @ ..] => return front::route(call, &store, rest).await,
        ["v1", "tenants", id, "certificates"] => return certificates::route(call, &store, id).await,
        ["v1", "mesh", rest @ ..] => return mesh::route(call, &store, rest).await,
        ["v1", "privacy", rest @ ..] => return privacy::route(call, &store, rest).await,
        _ => {}
    }
    let allowed = methods(&path).ok_or_else(|| Problem::not_found("There is nothing at this path."))?;
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::method_not_allowed(allowed));
    }
    match path.as_slice() {
        ["health"] => return Ok(health::answer(&store)),
        ["v1", "openapi.json"] => return Ok(openapi::get()),
        _ => {}
    }
    // A tenant's own server may look at its own tenant; everything else is the operator's.
    if let (["v1", "tenants", id], &Method::GET) = (path.as_slice(), &call.method) {
        access::operator_or_own(call, &store, id).await?;
        return tenants::get(&store, id);
    }
    operator::admit(call).await?;
    match (path.as_slice(), call.method.as_str()) {
        (["v1", "tenants"], "POST") => tenants::create(call, &store).await,
        (["v1", "tenants"], _) => tenants::list(call, &store),
        (["v1", "tenants", id], "PATCH") => tenants::update(call, id).await,
        (["v1", "tenants", id], _) => tenants::delete(call, &store, id),
        (["v1", "tenants", id, "keys"], "POST") => keys::issue(call, &store, id).await,
        (["v1", "tenants", id, "keys"], _) => keys::list(&store, id),
        (["v1", "tenants", id, "keys", key], _) => keys::revoke(call, &store, id, key),
        (["v1", "tenants", id, "vendors", vendor], "PUT") => bindings::put(call, id, vendor).await,
        (["v1", "tenants", id, "vendors", vendor], "DELETE") => bindings::delete(call, id, vendor).await,
        (["v1", "tenants", id, "vendors", vendor], _) => bindings::get(&store, id, vendor),
        (["v1", "tenants", id, "events"], "PUT") => endpoint::put(call, &store, id).await,
        (["v1", "tenants", id, "events"], "DELETE") => endpoint::delete(call, id).await,
        (["v1", "tenants", id, "events"], _) => endpoint::get(&store, id),
        (["v1", "maintenance", "registry"], "POST") => maintenance::round().await,
        (["v1", "maintenance", "registry"], _) => maintenance::show(&store).await,
        (["v1", "companies", id], "PUT") => companies::put(call, &store, id),
        (["v1", "companies", id], _) => companies::get(&store, id),
        (["v1", "prices"], "PUT") => prices::put(call, &store),
        _ => prices::get(&store),
    }
}

fn methods(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        ["health"] => &["GET", "HEAD"],
        ["v1", "openapi.json"] => &["GET"],
        ["v1", "tenants"] | ["v1", "maintenance", "registry"] => &["GET", "POST"],
        ["v1", "tenants", _] => &["GET", "PATCH", "DELETE"],
        ["v1", "tenants", _, "keys"] => &["GET", "POST"],
        ["v1", "tenants", _, "keys", _] => &["DELETE"],
        ["v1", "tenants", _, "vendors", _] | ["v1", "tenants", _, "events"] => &["GET", "PUT", "DELETE"],
        ["v1", "companies", _] | ["v1", "prices"] => &["GET", "PUT"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_methods() {
        let check = |path: &str, allowed: Option<&str>| {
            let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
            assert_eq!(methods(&segments).map(|methods| methods.join(", ")).as_deref(), allowed, "{path}");
        };
        check("/health", Some("GET, HEAD"));
        check("/v1/openapi.json", Some("GET"));
        check("/v1/tenants", Some("GET, POST"));
        check("/v1/tenants/", Some("GET, POST"));
        check("/v1/tenants/demo", Some("GET, PATCH, DELETE"));
        check("/v1/tenants/demo/keys", Some("GET, POST"));
        check("/v1/tenants/demo/keys/key_1", Some("DELETE"));
        check("/v1/tenants/demo/vendors/openai", Some("GET, PUT, DELETE"));
        check("/v1/tenants/demo/events", Some("GET, PUT, DELETE"));
        check("/v1/tenants/demo/events/x", None);
        check("/v1/tenants/demo/vendors", None);
        check("/v1/tenants/demo/vendors/openai/x", None);
        check("/v1/companies/acme", Some("GET, PUT"));
        check("/v1/prices", Some("GET, PUT"));
        check("/v1/companies", None);
        check("/v2/tenants", None);
        check("/", None);
    }
}
