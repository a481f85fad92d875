//! Paths and methods.

use http::Method;
use shell::{Call, KeyValue, Kind, Problem, Reply};

use crate::{access, bindings, companies, keys, openapi, prices, tenants};

/// Answers one request.
pub async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let path = call.segments();
    if path == ["v1", "openapi.json"] {
        return match call.method {
            Method::GET => Ok(openapi::get()),
            _ => Ok(not_allowed(call, "GET")),
        };
    }
    let Some(allowed) = methods(&path) else {
        return Err(Problem::not_found("There is nothing at this path."));
    };
    if !allowed.split(", ").any(|method| method == call.method.as_str()) {
        return Ok(not_allowed(call, allowed));
    }
    // A tenant's own server may look at its own tenant; everything else is the operator's.
    if let (["v1", "tenants", id], &Method::GET) = (path.as_slice(), &call.method) {
        access::operator_or_own(call, &store, id).await?;
        return tenants::get(&store, id);
    }
    access::operator(call).await?;
    match (path.as_slice(), call.method.as_str()) {
        (["v1", "tenants"], "POST") => tenants::create(call, &store).await,
        (["v1", "tenants"], _) => tenants::list(call, &store),
        (["v1", "tenants", id], "PATCH") => tenants::update(call, &store, id),
        (["v1", "tenants", id], _) => tenants::delete(&store, id),
        (["v1", "tenants", id, "keys"], "POST") => keys::issue(call, &store, id).await,
        (["v1", "tenants", id, "keys"], _) => keys::list(&store, id),
        (["v1", "tenants", id, "keys", key], _) => keys::revoke(&store, id, key),
        (["v1", "tenants", id, "vendors", vendor], "PUT") => bindings::put(call, &store, id, vendor).await,
        (["v1", "tenants", id, "vendors", vendor], "DELETE") => bindings::delete(&store, id, vendor),
        (["v1", "tenants", id, "vendors", vendor], _) => bindings::get(&store, id, vendor),
        (["v1", "companies", id], "PUT") => companies::put(call, &store, id),
        (["v1", "companies", id], _) => companies::get(&store, id),
        (["v1", "prices"], "PUT") => prices::put(call, &store),
        _ => prices::get(&store),
    }
}

fn methods(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["v1", "tenants"] => "GET, POST",
        ["v1", "tenants", _] => "GET, PATCH, DELETE",
        ["v1", "tenants", _, "keys"] => "GET, POST",
        ["v1", "tenants", _, "keys", _] => "DELETE",
        ["v1", "tenants", _, "vendors", _] => "GET, PUT, DELETE",
        ["v1", "companies", _] | ["v1", "prices"] => "GET, PUT",
        _ => return None,
    })
}

fn not_allowed(call: &Call, allowed: &'static str) -> Reply {
    let problem = Problem::new(Kind::MethodNotAllowed, "method_not_allowed", format!("This path takes {allowed}."));
    Reply::problem(&problem, &call.request_id).with("allow", allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_methods() {
        let check = |path: &str, allowed: Option<&str>| {
            let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
            assert_eq!(methods(&segments), allowed, "{path}");
        };
        check("/v1/tenants", Some("GET, POST"));
        check("/v1/tenants/", Some("GET, POST"));
        check("/v1/tenants/demo", Some("GET, PATCH, DELETE"));
        check("/v1/tenants/demo/keys", Some("GET, POST"));
        check("/v1/tenants/demo/keys/key_1", Some("DELETE"));
        check("/v1/tenants/demo/vendors/openai", Some("GET, PUT, DELETE"));
        check("/v1/tenants/demo/vendors", None);
        check("/v1/tenants/demo/vendors/openai/x", None);
        check("/v1/companies/acme", Some("GET, PUT"));
        check("/v1/prices", Some("GET, PUT"));
        check("/v1/companies", None);
        check("/v2/tenants", None);
        check("/", None);
    }
}
