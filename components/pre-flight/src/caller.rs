//! Who is calling: checked here with the shared session core, since a leaf imports no other component.

use kv_schemas::Store;
use session::{Caller, Grant};
use shell::{Call, Problem};

/// The verified caller of any kind.
pub async fn anyone(call: &Call, store: &dyn Store) -> Result<Grant, Problem> {
    let admin_key = shell::host::variable("admin_key").await;
    let now = shell::host::now();
    let grant = session::verify(store, &admin_key, call.authorization(), call.origin().as_deref(), now)
        .map_err(|refusal| refusal.problem())?;
    if grant.caller != Caller::Operator {
        call.is_of(&grant.tenant);
    }
    Ok(grant)
}

/// The verified caller; never the operator, who has no tenant.
pub async fn tenant_caller(call: &Call, store: &dyn Store) -> Result<Grant, Problem> {
    let grant = anyone(call, store).await?;
    if grant.caller == Caller::Operator {
        return Err(Problem::forbidden("tenant_required", "This route is for a tenant's key or session."));
    }
    Ok(grant)
}
