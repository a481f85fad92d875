//! Who may: the operator, and for one route a tenant's own server.

use shell::{Call, KeyValue, Problem, host, offline};
use tenancy::{Credential, KeyKind, admin_key_matches, find_key, key_hash};

/// Lets the operator through.
pub async fn operator(call: &Call) -> Result<(), Problem> {
    if is_operator(call).await { Ok(()) } else { Err(unauthenticated()) }
}

/// Lets the operator through, and the server of this very tenant.
pub async fn operator_or_own(call: &Call, store: &KeyValue, tenant: &str) -> Result<(), Problem> {
    if is_operator(call).await {
        return Ok(());
    }
    let Some(Credential::Secret(shown)) = call.authorization().and_then(Credential::parse) else {
        return Err(unauthenticated());
    };
    let key = find_key(store, &key_hash(shown)).map_err(|error| offline(&error))?;
    match key.filter(|key| key.kind == KeyKind::Secret) {
        Some(key) if key.tenant == tenant => Ok(()),
        Some(_) => Err(Problem::forbidden("wrong_tenant", "This key belongs to another tenant.")),
        None => Err(unauthenticated()),
    }
}

async fn is_operator(call: &Call) -> bool {
    match call.authorization().and_then(Credential::parse) {
        Some(Credential::Other(shown)) => admin_key_matches(shown, &host::variable("admin_key").await),
        _ => false,
    }
}

fn unauthenticated() -> Problem {
    Problem::unauthenticated("unauthenticated", "The admin key is missing or wrong.")
}
