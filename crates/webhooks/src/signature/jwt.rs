//! JWTs signed with HS256 (RFC 7515, RFC 7519). Which algorithm it is, is the gate's choice and never the token's.

use calendar::{Millis, SECOND};
use serde::{Deserialize, de::IgnoredAny};

use super::{SignatureError, encoding::from_base64url, secrets::any_matches};

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that a verifier must know. This one knows none.
    crit: Option<IgnoredAny>,
}

/// What the gate reads of a token's claims.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    /// Whose key signed it.
    #[serde(default)]
    iss: String,
    /// Unix seconds.
    exp: Option<u64>,
    /// Unix seconds.
    nbf: Option<u64>,
    /// The base64 SHA-256 of the body that the token is for.
    pub sha256: Option<String>,
}

/// Verifies `token` under one of the keys that `keys_of` its issuer, at `now`, give or take `leeway` seconds.
pub(super) fn verify<'k>(
    token: &str,
    keys_of: impl FnOnce(&str) -> Vec<&'k [u8]>,
    now: Millis,
    leeway: u64,
) -> Result<Claims, SignatureError> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(SignatureError::Malformed);
    };
    let Header { alg, crit } = decode(header)?;
    if alg != "HS256" || crit.is_some() {
        return Err(SignatureError::Malformed);
    }
    let claims: Claims = decode(payload)?;
    let shown = from_base64url(signature).ok_or(SignatureError::Malformed)?;
    // The issuer is read before it is verified, but all it does is to choose among keys that are all trusted.
    let signed: [&[u8]; 3] = [header.as_bytes(), b".", payload.as_bytes()];
    if !any_matches(&keys_of(&claims.iss), &signed, &[shown]) {
        return Err(SignatureError::BadSignature);
    }
    // A token that is good for ever is none that this vendor makes.
    let exp = claims.exp.ok_or(SignatureError::BadSignature)?;
    let now = now.0 / SECOND;
    let over = now > exp.saturating_add(leeway);
    let early = claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(leeway));
    if over || early { Err(SignatureError::Stale) } else { Ok(claims) }
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, SignatureError> {
    let json = from_base64url(part).ok_or(SignatureError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| SignatureError::Malformed)
}
