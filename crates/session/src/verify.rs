//! Who is calling: from `Authorization` and `Origin` to a grant.

use calendar::Millis;
use kv_schemas::Store;
use tenancy::{CAPABILITIES, Credential, KeyKind, admin_key_matches, find_access, find_key, key_hash};

use crate::{
    Refusal, Session,
    admit::allowed_origin,
    record,
    state::{State, find, state},
};

/// The kind of credential that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The operator's admin key.
    Operator,
    /// A tenant's secret key.
    Server,
    /// A page's session token.
    Page,
}

/// A verified caller. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// By which credential.
    pub caller: Caller,
    /// Empty for the operator.
    pub tenant: String,
    /// For pages.
    pub session: Option<String>,
    /// Names the credential for rate limits and logs.
    pub credential: String,
    /// Empty for keys.
    pub channel: String,
    /// What may be used.
    pub capabilities: Vec<String>,
    /// The module of the link that the session was opened by.
    pub module: Option<String>,
    /// The link's mode.
    pub behavior: Option<String>,
    /// The origin that answers may be shared with.
    pub origin: Option<String>,
}

/// Verifies a caller. Reads only. `admin_key` empty admits no operator.
pub fn verify(
    store: &dyn Store,
    admin_key: &str,
    authorization: Option<&str>,
    origin: Option<&str>,
    now: Millis,
) -> Result<Grant, Refusal> {
    match authorization.and_then(Credential::parse) {
        None => Err(Refusal::unauthenticated("credential_required", "A bearer credential is required.")),
        Some(Credential::Session(token)) => page(store, token, origin, now),
        Some(Credential::Secret(key)) => server(store, key),
        Some(Credential::Other(key)) if admin_key_matches(key, admin_key) => Ok(operator()),
        Some(Credential::Publishable(_)) => {
            Err(Refusal::unauthenticated("session_required", "A publishable key opens sessions and nothing else."))
        }
        Some(Credential::Other(_)) => Err(unknown()),
    }
}

fn unknown() -> Refusal {
    Refusal::unauthenticated("unauthenticated", "This credential is not known or has been revoked.")
}

fn operator() -> Grant {
    Grant {
        caller: Caller::Operator,
        tenant: String::new(),
        session: None,
        credential: "operator".into(),
        channel: String::new(),
        capabilities: CAPABILITIES.map(str::to_owned).into(),
        module: None,
        behavior: None,
        origin: None,
    }
}

fn server(store: &dyn Store, key: &str) -> Result<Grant, Refusal> {
    let key = find_key(store, &key_hash(key))?.filter(|key| key.kind == KeyKind::Secret).ok_or_else(unknown)?;
    let tenant = find_access(store, &key.tenant)?.ok_or_else(unknown)?;
    Ok(Grant {
        caller: Caller::Server,
        tenant: tenant.id.clone(),
        session: None,
        credential: key.id.clone(),
        channel: String::new(),
        capabilities: tenant.capabilities.clone(),
        module: None,
        behavior: None,
        origin: None,
    })
}

fn page(store: &dyn Store, token: &str, origin: Option<&str>, now: Millis) -> Result<Grant, Refusal> {
    let (id, secret) = record::parse_token(token).ok_or_else(unknown)?;
    let session = find(store, id)?.filter(|session| session.is_secret(secret)).ok_or_else(unknown)?;
    let tenant = match state(store, &session, now)? {
        State::Active(tenant) => tenant,
        over => return Err(over.refusal().unwrap_or_else(unknown)),
    };
    // What the tenant has switched off since is off at once.
    let origin = match (&session.origin, origin) {
        (None, None) => None,
        (None, here) => Some(allowed_origin(&tenant.allowed_origins, here)?),
        (Some(own), here) => Some(allowed_origin(&tenant.allowed_origins, here.filter(|here| own == here))?),
    };
    if !tenant.channels.contains(&session.channel) {
        return Err(Refusal::forbidden("channel_disabled", "This channel is switched off."));
    }
    let Session { id, channel, capabilities, module, behavior, .. } = session.as_ref();
    Ok(Grant {
        caller: Caller::Page,
        capabilities: capabilities.iter().filter(|c| tenant.capabilities.contains(c)).cloned().collect(),
        tenant: tenant.id.clone(),
        credential: id.clone(),
        session: Some(id.clone()),
        channel: channel.clone(),
        module: module.clone(),
        behavior: behavior.clone(),
        origin: origin.map(str::to_owned),
    })
}
