//! Who may ask for a session: a key, its tenant, and for pages the origin.

use std::rc::Rc;

use kv_schemas::Store;
use tenancy::{Credential, KeyKind, KeyRecord, Tenant, find_key, find_tenant, key_hash};

use crate::Refusal;

/// A caller who may open sessions of a tenant, if all else is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// The key that was shown.
    pub key: KeyRecord,
    /// Its SHA-256.
    pub key_sha256: String,
    /// The key's tenant.
    pub tenant: Tenant,
    /// The page's origin, for a publishable key.
    pub origin: Option<String>,
}

/// Checks `Authorization` and `Origin` as received. Reads only.
pub fn admit(store: &dyn Store, authorization: Option<&str>, origin: Option<&str>) -> Result<Admission, Refusal> {
    let shown = match authorization.and_then(Credential::parse) {
        Some(Credential::Publishable(key) | Credential::Secret(key)) => key,
        None => return Err(Refusal::unauthenticated("key_required", "A publishable or secret key is required.")),
        Some(_) => return Err(unknown()),
    };
    let key_sha256 = key_hash(shown);
    let key = find_key(store, &key_sha256)?.ok_or_else(unknown)?;
    let tenant = find_tenant(store, &key.tenant)?.ok_or_else(unknown)?;
    let origin = match key.kind {
        // A server vouches for its own pages; whatever `Origin` it passes on says nothing.
        KeyKind::Secret => None,
        KeyKind::Publishable => Some(allowed_origin(&tenant.allowed_origins, origin)?.to_owned()),
    };
    Ok(Admission { key: Rc::unwrap_or_clone(key), key_sha256, tenant, origin })
}

fn unknown() -> Refusal {
    Refusal::unauthenticated("key_unknown", "This key is not known or has been revoked.")
}

/// The origin, if it is exactly one of those that the tenant allows.
pub(crate) fn allowed_origin<'a>(allowed: &[String], origin: Option<&'a str>) -> Result<&'a str, Refusal> {
    origin
        .filter(|origin| allowed.iter().any(|allowed| allowed == origin))
        .ok_or_else(|| Refusal::forbidden("origin_not_allowed", "This origin is not allowed."))
}
