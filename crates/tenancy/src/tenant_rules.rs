//! What a tenant may look like: JSON in, a checked [`Tenant`] out, or the one field that is wrong.

use serde_json::{Map, Value as Json};

use crate::{
    CAPABILITIES, CHANNELS, Disclosure, EndUserAuth, Invalid, LAWS, Ladder, Law, PersonalData, Privacy, Tenant,
    fields::Object,
    limit_rules,
    names::{self, Address},
    page_rules, route_rules, vendor_rules,
};

const FIELDS: [&str; 17] = [
    "id",
    "company",
    "display_name",
    "allowed_origins",
    "channels",
    "capabilities",
    "end_user_auth",
    "minimum_age",
    "consent_required",
    "limits",
    "ladder",
    "fallback_message",
    "vendors",
    "routes",
    "privacy",
    "disclosure",
    "restricted_pages",
];

/// The most origins of a tenant.
const MAX_ORIGINS: usize = 64;
/// The most keys of a key set that is kept in the tenant's record.
const MAX_KEYS: usize = 32;

/// Reads a whole tenant, as `POST /v1/tenants` takes it. Absent and `null` mean the default.
pub fn parse_tenant(body: &Json) -> Result<Tenant, Invalid> {
    let body = Object::body(body)?;
    body.only(&FIELDS)?;
    let required = |name: &str| {
        let text = body.text(name, 1, 64)?.ok_or_else(|| body.fault(name, "is required"))?;
        names::id(name, text)
    };
    let mut tenant = Tenant::new(&required("id")?, &required("company")?);
    if let Some(name) = body.text("display_name", 0, 200)? {
        tenant.display_name = name.into();
    }
    tenant.allowed_origins = origins(&body)?;
    if let Some(channels) = body.choices("channels", &CHANNELS)? {
        tenant.channels = channels;
    }
    if let Some(capabilities) = body.choices("capabilities", &CAPABILITIES)? {
        tenant.capabilities = capabilities;
    }
    tenant.end_user_auth = body.object("end_user_auth")?.map(|auth| end_user_auth(&auth)).transpose()?;
    tenant.minimum_age = body.integer("minimum_age", 1, 120)?.and_then(|age| u32::try_from(age).ok());
    if let Some(required) = body.flag("consent_required")? {
        tenant.consent_required = required;
    }
    if let Some(limits) = body.object("limits")? {
        tenant.limits = limit_rules::limits(&limits)?;
    }
    if let Some(ladder_field) = body.object("ladder")? {
        tenant.ladder = ladder(&ladder_field)?;
    }
    if let Some(message) = body.text("fallback_message", 1, 500)? {
        tenant.fallback_message = message.into();
    }
    if let Some(vendors_field) = body.object("vendors")? {
        tenant.vendors = vendor_rules::vendors(&vendors_field)?;
    }
    if let Some(routes) = body.object("routes")? {
        tenant.routes = route_rules::routes(&routes)?;
    }
    if let Some(privacy_field) = body.object("privacy")? {
        tenant.privacy = privacy(&privacy_field)?;
    }
    if let Some(disclosure_field) = body.object("disclosure")? {
        tenant.disclosure = disclosure(&disclosure_field)?;
    }
    tenant.restricted_pages = page_rules::patterns(&body)?;
    Ok(tenant)
}

/// Applies a merge patch (RFC 7386) and checks the whole again. Id and company stay.
pub fn patched(tenant: &Tenant, patch: &Json) -> Result<Tenant, Invalid> {
    let fields = Object::body(patch)?;
    fields.only(&FIELDS)?;
    let mut whole = serde_json::to_value(tenant).unwrap_or(Json::Null);
    for (name, current) in [("id", &tenant.id), ("company", &tenant.company)] {
        if patch.get(name).is_some_and(|wanted| wanted.as_str() != Some(current)) {
            return Err(Invalid::new(name, "can't be changed"));
        }
    }
    merge_patch(&mut whole, patch);
    // Not the caller's to change, so it isn't read as if it came from one.
    if let Some(whole) = whole.as_object_mut() {
        whole.remove("twin");
    }
    Ok(Tenant { twin: tenant.twin.clone(), ..parse_tenant(&whole)? })
}

/// Applies a merge patch (RFC 7386).
pub fn merge_patch(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(target) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Json::Null), value);
        }
    }
}

fn origins(body: &Object<'_>) -> Result<Vec<String>, Invalid> {
    let mut origins: Vec<String> = Vec::new();
    for (path, text) in body.texts("allowed_origins", MAX_ORIGINS)?.unwrap_or_default() {
        let origin = names::origin(&path, text)?;
        if origins.contains(&origin) {
            return Err(Invalid::new(path, "is there twice"));
        }
        origins.push(origin);
    }
    Ok(origins)
}

fn end_user_auth(auth: &Object<'_>) -> Result<EndUserAuth, Invalid> {
    auth.only(&["issuer", "audience", "jwks", "jwks_url"])?;
    let required =
        |name: &str| auth.text(name, 1, 500)?.map(str::to_owned).ok_or_else(|| auth.fault(name, "is required"));
    let (issuer, audience) = (required("issuer")?, required("audience")?);
    let jwks_url = auth.text("jwks_url", 1, 500)?.map(str::to_owned);
    if let Some(url) = &jwks_url {
        Address::parse(url)
            .filter(|url| url.scheme == "https" || url.is_loopback())
            .ok_or_else(|| auth.fault("jwks_url", "must be an https address"))?;
    }
    let jwks = auth.object("jwks")?.map(|set| key_set(&set)).transpose()?;
    match (&jwks, &jwks_url) {
        (None, None) => Err(auth.fault("jwks", "or jwks_url is required")),
        (Some(_), Some(_)) => Err(auth.fault("jwks_url", "can't be given together with jwks")),
        _ => Ok(EndUserAuth { issuer, audience, jwks, jwks_url }),
    }
}

/// A key set (RFC 7517) of public keys. Which of them can be used is decided when a token comes.
fn key_set(set: &Object<'_>) -> Result<Json, Invalid> {
    let keys = set
        .get("keys")
        .and_then(Json::as_array)
        .filter(|keys| (1..=MAX_KEYS).contains(&keys.len()))
        .ok_or_else(|| set.fault("keys", format!("must be a list of 1 to {MAX_KEYS} keys")))?;
    for (i, key) in keys.iter().enumerate() {
        let path = format!("{}[{i}]", set.param("keys"));
        let key = Object::at(&path, key)?;
        key.text("kty", 1, 20)?.ok_or_else(|| key.fault("kty", "is required"))?;
        // A private key has no business here, and a symmetric one would let this tenant's pages sign for anybody.
        if let Some(private) = ["d", "k", "p", "q", "dp", "dq", "qi"].iter().find(|name| key.get(name).is_some()) {
            return Err(key.fault(private, "is part of a private key; only public keys belong here"));
        }
    }
    Ok(serde_json::json!({ "keys": keys }))
}

fn ladder(ladder: &Object<'_>) -> Result<Ladder, Invalid> {
    ladder.only(&["throttle_at", "text_only_at"])?;
    let rung = |name: &str, pick: fn(Ladder) -> Option<u32>| {
        let Some(value) = ladder.get(name) else {
            return Ok(None);
        };
        let fault = || ladder.fault(name, "must be a number from 0 to 1 with at most four digits after the point");
        let read: Ladder = serde_json::from_value(serde_json::json!({ name: value })).map_err(|_| fault())?;
        pick(read).ok_or_else(fault).map(Some)
    };
    let read = Ladder {
        throttle_at: rung("throttle_at", |read| read.throttle_at)?,
        text_only_at: rung("text_only_at", |read| read.text_only_at)?,
    };
    match (read.throttle_at, read.text_only_at) {
        (Some(throttle), Some(text)) if throttle > text => {
            Err(ladder.fault("throttle_at", "must not be above text_only_at"))
        }
        _ => Ok(read),
    }
}

fn privacy(privacy: &Object<'_>) -> Result<Privacy, Invalid> {
    privacy.only(&["mask"])?;
    let chosen = privacy.choices("mask", &PersonalData::ALL.map(PersonalData::name))?.unwrap_or_default();
    let kind = |name: &String| PersonalData::ALL.into_iter().find(|kind| kind.name() == name);
    Ok(Privacy { mask: chosen.iter().filter_map(kind).collect() })
}

fn disclosure(disclosure: &Object<'_>) -> Result<Disclosure, Invalid> {
    disclosure.only(&["show", "label", "law", "spoken"])?;
    let default = Disclosure::default();
    let law = match disclosure.text("law", 1, 16)? {
        Some(name) => Some(Law::named(name).ok_or_else(|| {
            let names: Vec<&str> = LAWS.iter().map(|row| row.name).collect();
            disclosure.fault("law", format!("must be one of {}", names.join(", ")))
        })?),
        None => None,
    };
    let read = Disclosure {
        show: disclosure.flag("show")?.unwrap_or(default.show),
        label: disclosure.line("label", 1, 200)?.map_or(default.label, str::to_owned),
        law,
        spoken: disclosure.flag("spoken")?,
    };
    // Not taken and then left aside: who switches it off must hear that it stays.
    match law {
        Some(_) if !read.show => Err(disclosure.fault("show", "can't be false where a law demands it")),
        Some(law) if read.spoken == Some(false) && law.demands_speech() => {
            Err(disclosure.fault("spoken", "can't be false where a law demands it"))
        }
        _ => Ok(read),
    }
}
