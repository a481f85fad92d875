//! `/v1/audit/erasures`: a session's personal data goes, the log stays.

use audit::{EraseError, ErasureRequest, Filter, MAX_PENDING_ERASURES, SALT_BYTES, erase, erasure};
use calendar::{MINUTE, Millis};
use kv_schemas::Store;
use serde::Deserialize;
use shell::{Call, Problem, Reply, offline};
use tenancy::find_tenant;
use vault::Vault;

use crate::{
    caller::Caller,
    settings::{Settings, unusable},
};

/// The longest session id, in bytes.
const MAX_SESSION_ID: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    session_id: String,
    tenant: Option<String>,
}

/// Has the data of a session erased, of the caller's own tenant or of the one that the operator names; 202, since it is
/// done in steps.
///
/// # Errors
/// The documented problems.
pub fn ask(call: &Call, store: &dyn Store, settings: &Settings, now: Millis) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, &settings.admin_key, now)?;
    let Body { session_id, tenant } = call.json()?;
    let filter = caller.filter(tenant)?;
    if !(1..=MAX_SESSION_ID).contains(&session_id.len()) || !session_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::invalid("session_id", "must be a session's id, such as ses_01J..."));
    }
    let company = company(store, &filter)?;
    let request = ErasureRequest { filter, company, session_id, salt: salt(call, settings, now)? };
    let erasure = erase(store, request).map_err(|error| match error {
        EraseError::TooMany => too_many(),
        EraseError::Store(error) => offline(&error),
    })?;
    Ok(Reply::json(202, &erasure))
}

/// Each is looked for in all of a tenant's entries: who makes up ids keeps others waiting no longer than this.
fn too_many() -> Problem {
    let message = format!("{MAX_PENDING_ERASURES} erasures are under way already. Try again when some are done.");
    Problem::rate_limited("too_many_erasures", message, MINUTE)
}

/// Where an erasure stands.
///
/// # Errors
/// The documented problems.
pub fn show(call: &Call, store: &dyn Store, settings: &Settings, now: Millis, id: &str) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, &settings.admin_key, now)?;
    let found = erasure(store, id).map_err(|error| offline(&error))?;
    // Another tenant's erasure doesn't exist for this caller.
    let found = found.filter(|erasure| match (&caller, &erasure.filter) {
        (Caller::Operator, _) => true,
        (Caller::Server(_), Filter::All) => false,
        (Caller::Server(own), Filter::Tenant(tenant)) => own == tenant,
    });
    let found = found.ok_or_else(|| Problem::not_found("There is no erasure with this id."))?;
    Ok(Reply::json(200, &found))
}

/// For the event. The tenant may be gone, while its entries stay.
fn company(store: &dyn Store, filter: &Filter) -> Result<String, Problem> {
    let Filter::Tenant(tenant) = filter else { return Ok(String::new()) };
    let record = find_tenant(store, tenant).map_err(|error| offline(&error))?;
    Ok(record.map(|record| record.company).unwrap_or_default())
}

/// Nobody without the master key can guess it, and no two requests have the same.
fn salt(call: &Call, settings: &Settings, now: Millis) -> Result<[u8; SALT_BYTES], Problem> {
    let no_key = |_| unusable("variable `master_key` must be 32 bytes in base64");
    let derived = Vault::new(&settings.master_key).map_err(no_key)?;
    let derived = derived.derive(&format!("erasure {} {now}", call.request_id)).map_err(no_key)?;
    let mut salt = [0; SALT_BYTES];
    salt.iter_mut().zip(derived).for_each(|(to, from)| *to = from);
    Ok(salt)
}
