//! A tenant's certificates of analysis: a list that the operator or the tenant's own server replaces as a whole.

use compliance::{Certificate, find_certificates, parse_certificates, put_certificates};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, offline};
use tenancy::find_tenant;

use crate::{access, journal::Log, refuse};

/// `PUT|GET /v1/tenants/{id}/certificates`
pub async fn route(call: &Call, store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    match call.method.as_str() {
        "GET" | "PUT" => access::operator_or_own(call, store, tenant).await?,
        _ => return Err(Problem::method_not_allowed(&["GET", "PUT"])),
    }
    if call.method == "GET" { get(store, tenant) } else { put(call, store, tenant) }
}

fn put(call: &Call, store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let certificates = parse_certificates(&call.json()?).map_err(refuse::invalid)?;
    put_certificates(store, tenant, &certificates, &Log(call)).map_err(refuse::write)?;
    Ok(Reply::json(200, &shown(&certificates)))
}

fn get(store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let failed = |error| offline(&error);
    if find_tenant(store, tenant).map_err(failed)?.is_none() {
        return Err(Problem::not_found("There is no such tenant."));
    }
    Ok(Reply::json(200, &shown(&find_certificates(store, tenant).map_err(failed)?)))
}

fn shown(certificates: &[Certificate]) -> Json {
    json!({ "certificates": certificates })
}
