//! Permits that a tenant's own server resolves over HTTP.

use serde::Deserialize;
use shell::{Call, Problem, Reply};

use crate::{
    bindings::limits::{self, HolderKind, Quantity, Usage},
    caller::{owns, tenant_caller},
    permits,
    problems::faulty,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    units: u64,
    unit_type: String,
}

/// `POST /v1/preflight/{limit_check_id}/settle`
pub fn settle(call: &Call, id: &str) -> Result<Reply, Problem> {
    check_owner(call, id)?;
    let Used { units, unit_type } = call.json()?;
    let settled = permits::settle(id, &Usage::Actual(vec![Quantity { unit_type, units }]))?;
    // Written by hand: the amount is an exact decimal, and no float touches money.
    let body = format!(
        r#"{{"limit_check_id":"{id}","cost_amount":{},"cost_currency":"USD","cost_nanos":{},"audit":{{"stage":{}}}}}"#,
        money::Nanos(settled.cost_nanos),
        settled.cost_nanos,
        settled.stage
    );
    Ok(Reply::bytes(200, "application/json", body))
}

/// `DELETE /v1/preflight/{limit_check_id}`
pub fn release(call: &Call, id: &str) -> Result<Reply, Problem> {
    check_owner(call, id)?;
    limits::release(id).map_err(faulty)?;
    Ok(Reply::empty(204))
}

/// Only a permit that was given out over HTTP is resolved over HTTP: the gate's own calls are metered by the gate.
fn check_owner(call: &Call, id: &str) -> Result<(), Problem> {
    let grant = tenant_caller(call)?;
    let holder = limits::inspect(id).map_err(faulty)?;
    if !owns(&grant, &holder.tenant, holder.session.as_deref()) {
        return Err(Problem::not_found("There is no such permit."));
    }
    if holder.kind == HolderKind::Gate {
        return Err(Problem::forbidden("metered_by_the_gate", "The gate itself settles its calls to vendors."));
    }
    Ok(())
}
