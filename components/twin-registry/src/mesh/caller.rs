//! Whose mesh is asked for.

use shell::{Call, KeyValue, Problem, offline};
use tenancy::{Tenant, find_tenant};

use crate::access::{Who, who};

/// A verified caller.
pub enum Caller {
    /// Showed the admin key.
    Operator,
    /// Showed the secret key of this tenant.
    Server(Box<Tenant>),
}

/// Verifies the credential of a call.
pub async fn caller(call: &Call, store: &KeyValue) -> Result<Caller, Problem> {
    match who(call, store).await? {
        Who::Operator => Ok(Caller::Operator),
        Who::Server(id) => match find_tenant(store, &id).map_err(|error| offline(&error))? {
            Some(tenant) => Ok(Caller::Server(Box::new(tenant))),
            None => Err(Problem::unauthenticated("unauthenticated", "The key's tenant is gone.")),
        },
    }
}
