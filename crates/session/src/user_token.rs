//! End users' tokens (JWT, RFC 7519): who vouches for the visitor.
//!
//! Order matters: issuer and audience are read first, so that a good token of another tenant is told from a forged one;
//! nothing is believed before the signature holds.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use calendar::Millis;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value as Json};
use tenancy::EndUserAuth;

use crate::{KeySet, Refusal};

/// How far the clocks of issuer and gate may be apart, in seconds.
const LEEWAY: u64 = 60;

pub(crate) fn required() -> Refusal {
    Refusal::unauthenticated("user_token_required", "This tenant wants a token of the end user.")
}

fn invalid() -> Refusal {
    Refusal::unauthenticated("user_token_invalid", "The end user's token is malformed, expired or not rightly signed.")
}

/// Checks a token against the tenant's issuer, audience and keys. Gives who it is of: `sub`, where it says.
pub fn verify(token: &str, auth: &EndUserAuth, keys: &KeySet, now: Millis) -> Result<Option<String>, Refusal> {
    let (message, signature) = token.rsplit_once('.').ok_or_else(invalid)?;
    let (header, claims) = message.split_once('.').ok_or_else(invalid)?;
    let header = object(header).ok_or_else(invalid)?;
    let claims = object(claims).ok_or_else(invalid)?;
    // Extensions that must be understood are not (RFC 7515, 4.1.11).
    if header.contains_key("crit") {
        return Err(invalid());
    }
    // Never `none`, never a symmetric algorithm: a public key must not serve as a shared secret.
    let algorithm = match header.get("alg").and_then(Json::as_str) {
        Some("RS256") => Algorithm::RS256,
        Some("ES256") => Algorithm::ES256,
        Some("EdDSA" | "Ed25519") => Algorithm::EdDSA,
        _ => return Err(invalid()),
    };
    if !is_for(&claims, auth) {
        return Err(Refusal::forbidden("user_token_wrong_tenant", "The end user's token is for somebody else."));
    }
    if !keys.verifies(header.get("kid").and_then(Json::as_str), algorithm, message, signature) {
        return Err(invalid());
    }
    if !is_current(&claims, now) {
        return Err(invalid());
    }
    Ok(claims.get("sub").and_then(Json::as_str).filter(|person| !person.is_empty()).map(str::to_owned))
}

/// The key id that a token names, to find out whether a fresher key set is needed. Not verified.
#[must_use]
pub fn key_id(token: &str) -> Option<String> {
    Some(object(token.split('.').next()?)?.get("kid")?.as_str()?.to_owned())
}

fn object(part: &str) -> Option<Map<String, Json>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

fn is_for(claims: &Map<String, Json>, auth: &EndUserAuth) -> bool {
    let audience = match claims.get("aud") {
        Some(Json::String(one)) => *one == auth.audience,
        Some(Json::Array(many)) => many.iter().any(|one| one.as_str() == Some(&auth.audience)),
        _ => false,
    };
    audience && claims.get("iss").and_then(Json::as_str) == Some(&auth.issuer)
}

fn is_current(claims: &Map<String, Json>, now: Millis) -> bool {
    let now = now.0 / calendar::SECOND;
    let expired = seconds(claims, "exp").is_none_or(|exp| exp.saturating_add(LEEWAY) <= now);
    let not_yet = |name: &str| match claims.get(name) {
        None => false,
        Some(_) => seconds(claims, name).is_none_or(|from| from > now.saturating_add(LEEWAY)),
    };
    !expired && !not_yet("nbf") && !not_yet("iat")
}

/// Seconds since 1970. Some issuers write fractions: the whole part counts.
fn seconds(claims: &Map<String, Json>, name: &str) -> Option<u64> {
    let number = claims.get(name)?.as_number()?;
    number.as_u64().or_else(|| number.to_string().split_once('.')?.0.parse().ok())
}
