//! Who is calling, and whether they may.

use shell::{Call, Problem};

use crate::{
    bindings::sessions::{self, Caller, Grant},
    problems::refused,
};

/// The verified caller; never the operator, who has no tenant.
pub fn tenant_caller(call: &Call) -> Result<Grant, Problem> {
    let grant = anyone(call)?;
    if grant.caller == Caller::Operator {
        return Err(Problem::forbidden("tenant_required", "This route is for a tenant's key or session."));
    }
    Ok(grant)
}

/// The verified caller of any kind.
pub fn anyone(call: &Call) -> Result<Grant, Problem> {
    let grant = sessions::verify(call.authorization(), call.origin().as_deref()).map_err(refused)?;
    if grant.caller != Caller::Operator {
        call.is_of(&grant.tenant);
    }
    Ok(grant)
}

/// The operator.
pub fn operator(call: &Call) -> Result<(), Problem> {
    match anyone(call)?.caller {
        Caller::Operator => Ok(()),
        Caller::Server | Caller::Page => Err(Problem::forbidden("operator_required", "This route is the operator's.")),
    }
}

/// A tenant's server: who has its secret key.
pub fn server(call: &Call) -> Result<Grant, Problem> {
    let grant = tenant_caller(call)?;
    match grant.caller {
        Caller::Server => Ok(grant),
        Caller::Operator | Caller::Page => {
            Err(Problem::forbidden("secret_key_needed", "This route is for a tenant's secret key; pages can't use it."))
        }
    }
}

/// A tenant's caller with a capability.
pub fn capable(call: &Call, capability: &str) -> Result<Grant, Problem> {
    let grant = tenant_caller(call)?;
    if grant.caller == Caller::Page && !grant.capabilities.iter().any(|has| has == capability) {
        let message = format!("This session has no {capability}.");
        return Err(Problem::forbidden("capability_disabled", message));
    }
    Ok(grant)
}

/// Whether the grant may see what belongs to this tenant and session. What it may not see does not exist for it.
pub fn owns(grant: &Grant, tenant: &str, session: Option<&str>) -> bool {
    match grant.caller {
        Caller::Operator => true,
        Caller::Server => grant.tenant == tenant,
        Caller::Page => grant.tenant == tenant && session.is_some() && grant.session.as_deref() == session,
    }
}
