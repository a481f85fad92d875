//! How routing does: for a tenant, or for all of them.

use router::{Health, health, window};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::{bindings::sessions::Caller, caller::anyone};

/// The most tenants in one answer to the operator.
const MAX_TENANTS: usize = 500;

/// `GET /v1/router/health`: the tenant's own; the operator's `?tenant=`, or every tenant that has routes.
pub fn show(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = anyone(call)?;
    let asked = call.query("tenant");
    match (grant.caller, asked) {
        (Caller::Operator, None) => all(store),
        (Caller::Operator, Some(tenant)) => Ok(Reply::json(200, &of(store, &tenant)?)),
        (_, Some(tenant)) if tenant != grant.tenant => {
            Err(Problem::forbidden("wrong_tenant", "That is another tenant's."))
        }
        _ => Ok(Reply::json(200, &of(store, &grant.tenant)?)),
    }
}

fn of(store: &KeyValue, tenant: &str) -> Result<Health, Problem> {
    window::summary(store, tenant, host::now()).map(|summary| health(&summary)).map_err(|error| offline(&error))
}

/// The worst of them decides.
fn all(store: &KeyValue) -> Result<Reply, Problem> {
    let page = tenancy::list(store, 0, MAX_TENANTS).map_err(|error| offline(&error))?;
    let mut tenants = Vec::new();
    for tenant in page.tenants.iter().filter(|tenant| !tenant.routes.is_empty()) {
        tenants.push((tenant.id.clone(), of(store, &tenant.id)?));
    }
    let status = tenants.iter().map(|(_, health)| health.status).max().unwrap_or_default();
    let shown: Vec<_> = tenants.iter().map(|(id, health)| json!({ "tenant": id, "health": health })).collect();
    Ok(Reply::json(200, &json!({ "status": status, "tenants": shown })))
}
