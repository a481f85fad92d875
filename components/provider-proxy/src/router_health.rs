//! How routing does: for a tenant, or for all of them.

use kv_schemas::StoreError;
use router::{Health, Summary, health, window};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::{bindings::sessions::Caller, caller::anyone};

/// The most tenants in one answer to the operator.
const MAX_TENANTS: usize = 500;
/// So many tenants are looked at afresh; of more, the stored sums have to do, which may lag by seven decisions.
const FEW_TENANTS: usize = 20;

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
    told(window::fresh_summary(store, tenant, host::now()))
}

fn told(summary: Result<Summary, StoreError>) -> Result<Health, Problem> {
    summary.map(|summary| health(&summary)).map_err(|error| offline(&error))
}

/// The worst of them decides.
fn all(store: &KeyValue) -> Result<Reply, Problem> {
    let page = tenancy::list(store, 0, MAX_TENANTS, None).map_err(|error| offline(&error))?;
    let routed: Vec<_> = page.tenants.iter().filter(|tenant| !tenant.routes.is_empty()).collect();
    let read = if routed.len() <= FEW_TENANTS { window::fresh_summary } else { window::summary };
    let mut tenants = Vec::new();
    for tenant in routed {
        tenants.push((tenant.id.clone(), told(read(store, &tenant.id, host::now()))?));
    }
    let status = tenants.iter().map(|(_, health)| health.status).max().unwrap_or_default();
    let shown: Vec<_> = tenants.iter().map(|(id, health)| json!({ "tenant": id, "health": health })).collect();
    Ok(Reply::json(200, &json!({ "status": status, "tenants": shown })))
}
