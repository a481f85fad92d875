//! Opening a session: everything is checked first, then three writes: its place, its event, itself.

use calendar::Millis;
use compliance::{Page, PersonKey};
use kv_schemas::Store;
use serde::Serialize;
use serde_json::Value as Json;
use tenancy::{CHANNELS, Invalid, Object, Tenant, key_hash};
use twins::LinkAddress;

use crate::{
    Admission, KeySet, Refusal, Session, TICK_SECONDS, events, pages, record,
    record::{LIFETIME, Listed},
    twin, user_token,
};

/// The largest end-user token that is looked at, in bytes.
const MAX_USER_TOKEN: usize = 8 * 1024;
/// No age beyond this is believed.
const MAX_AGE: u64 = 130;

/// What a page asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// One of the contract's channels.
    pub channel: String,
    /// Whether the visitor has consented.
    pub consent: bool,
    /// The age the visitor has attested.
    pub age_attested: Option<u32>,
    /// The end user's JWT.
    pub user_token: Option<String>,
    /// The page that it is asked for on.
    pub page: Option<Page>,
    /// The link that it is opened by.
    pub link: Option<LinkAddress>,
}

/// What end users' tokens are checked with, and under which key a person's sessions are noted.
#[derive(Debug, Clone)]
pub struct UserKeys {
    /// The tenant's.
    pub set: KeySet,
    /// The deployment's.
    pub people: PersonKey,
}

/// The answer: the only time the token is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// `ses_...`
    pub id: String,
    /// `tgs_...`
    pub token: String,
    /// Whose it is.
    pub tenant_id: String,
    /// `full`, or `text` when the tenant has neither speech nor video.
    pub mode: &'static str,
    /// What it may be used for.
    pub capabilities: Vec<String>,
    /// The module of the link that it was opened by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The link's mode: how the twin behaves in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<String>,
    /// How often the page ticks.
    pub tick_seconds: u32,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// What tells the visitor that an AI answers; `null` where the tenant has switched it off.
    pub disclosure: Option<String>,
}

/// What makes a session unique: brought by the caller, from the host's randomness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Seed {
    /// `ses_` and something that sorts by time.
    pub id: String,
    /// 64 hex digits.
    pub secret: String,
}

/// Reads the body of `POST /v1/sessions`. Fields of later versions are passed over.
pub fn parse_ask(body: &Json) -> Result<Ask, Invalid> {
    let body = Object::body(body)?;
    let channel = body.text("channel", 1, 40)?.ok_or_else(|| body.fault("channel", "is required"))?;
    if !CHANNELS.contains(&channel) {
        return Err(body.fault("channel", format!("must be one of {}", CHANNELS.join(", "))));
    }
    Ok(Ask {
        channel: channel.into(),
        consent: body.flag("consent")?.unwrap_or(false),
        age_attested: body.integer("age_attested", 0, MAX_AGE)?.and_then(|age| u32::try_from(age).ok()),
        user_token: body.text("user_token", 1, MAX_USER_TOKEN)?.map(str::to_owned),
        page: pages::parse(&body)?,
        link: twin::parse_link(&body)?,
    })
}

/// Checks everything and opens the session. `user_keys` are there where the tenant demands an end-user token.
///
/// Safe to repeat with the same seed: it is the same session again, with a later end.
pub fn open(
    store: &dyn Store,
    now: Millis,
    caller: &Admission,
    ask: &Ask,
    user_keys: Option<&UserKeys>,
    seed: &Seed,
) -> Result<Opened, Refusal> {
    let tenant = &caller.tenant;
    check_house_rules(tenant, ask)?;
    twin::check_gate(caller)?;
    pages::check(store, now, caller, ask.page.as_ref())?;
    let (module, behavior) = twin::linked(store, caller, ask.link.as_ref())?;
    if let Some(auth) = &tenant.end_user_auth {
        let shown = ask.user_token.as_deref().ok_or_else(user_token::required)?;
        let keys = user_keys.ok_or(Refusal::NoKeySet)?;
        // Noted before it exists: there is none that its person can't ask for. What if we crash here? The index names a
        // session that nobody has.
        if let Some(person) = user_token::verify(shown, auth, &keys.set, now)? {
            keys.people.note(store, &tenant.id, &person, &seed.id, now)?;
        }
    }
    let session = Session {
        id: seed.id.clone(),
        tenant: tenant.id.clone(),
        company: tenant.company.clone(),
        key_sha256: caller.key_sha256.clone(),
        token_sha256: key_hash(&seed.secret),
        channel: ask.channel.clone(),
        capabilities: tenant.capabilities.clone(),
        module,
        behavior,
        origin: caller.origin.clone(),
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    // Listed first. What if we crash here? The sweep finds a place without a session and passes over it after a while.
    // The other way round there could be a session that nobody ever removes.
    let place = Listed { id: session.id.clone(), at: now, tenant: Some(session.tenant.clone()) };
    record::all().append(store, &place)?;
    // Told before it exists: there is none that could be used and isn't in the log. What if we crash here? The log tells of
    // a session that nobody has. The same seed again says the same and is dropped.
    let mode = mode(&session.capabilities);
    events::put_started(store, &session, tenant, mode, ask.consent, ask.age_attested.is_some())?;
    // From here on the session exists. What if we crash now? Nobody has its token; it expires.
    record::session(&session.id).set(store, &session)?;
    Ok(Opened {
        token: record::token(&session.id, &seed.secret),
        id: session.id,
        tenant_id: session.tenant,
        mode,
        capabilities: session.capabilities,
        module: session.module,
        behavior: session.behavior,
        tick_seconds: TICK_SECONDS,
        expires_at: session.expires_at.to_string(),
        disclosure: tenant.disclosure.shown().map(str::to_owned),
    })
}

/// Whether a token must be shown, and where the keys to check it are published.
#[must_use]
pub fn wants_key_set(tenant: &Tenant, ask: &Ask) -> bool {
    tenant.end_user_auth.is_some() && ask.user_token.is_some() && check_house_rules(tenant, ask).is_ok()
}

fn check_house_rules(tenant: &Tenant, ask: &Ask) -> Result<(), Refusal> {
    if !tenant.channels.contains(&ask.channel) {
        return Err(Refusal::forbidden("channel_disabled", "This channel is switched off."));
    }
    if tenant.consent_required && !ask.consent {
        return Err(Refusal::forbidden("consent_required", "The visitor's consent is required."));
    }
    match tenant.minimum_age {
        Some(least) if ask.age_attested.is_none_or(|age| age < least) => Err(Refusal::TooYoung { least }),
        _ => Ok(()),
    }
}

fn mode(capabilities: &[String]) -> &'static str {
    if capabilities.iter().any(|c| c == "video" || c == "speech") { "full" } else { "text" }
}
