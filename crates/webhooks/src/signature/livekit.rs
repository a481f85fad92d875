//! LiveKit: `Authorization` holds a JWT (without `Bearer`, though that is taken too) whose `sha256` claim is the base64
//! SHA-256 of the raw body. It is signed with the API secret of the API key in `iss`.
//!
//! A stored secret is `<api key>:<api secret>`. The id of a delivery is the event's, in the body that the hash covers.

use calendar::Millis;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    Headers, Secrets, SignatureError, Verified,
    body_id::event_id,
    encoding::from_base64,
    jwt::{self, Claims},
};

/// As the vendor's own server allows, in seconds.
const LEEWAY: u64 = 60;

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let claims = token(secrets, headers, now)?;
    // Visitors' tokens are signed with the same secret, and visitors have them. But they are not for any body.
    let hash = claims.sha256.as_deref().and_then(from_base64).ok_or(SignatureError::BadSignature)?;
    if bool::from(Sha256::digest(body).as_slice().ct_eq(&hash)) {
        Ok(Verified { id: event_id(body) })
    } else {
        Err(SignatureError::BadSignature)
    }
}

/// The token, be it for a body or not.
fn token(secrets: &Secrets, headers: &Headers<'_>, now: Millis) -> Result<Claims, SignatureError> {
    let keys: Vec<(&str, &str)> = secrets.iter().filter_map(key).collect();
    if keys.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let header = headers.one("authorization")?;
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
        _ => header,
    };
    let keys_of = |issuer: &str| {
        let of_issuer = keys.iter().filter(|(api_key, _)| *api_key == issuer);
        of_issuer.map(|(_, secret)| secret.as_bytes()).collect()
    };
    jwt::verify(token, keys_of, now, LEEWAY)
}

/// An API key has no colon; its secret may.
fn key(secret: &str) -> Option<(&str, &str)> {
    secret.split_once(':').filter(|(api_key, secret)| !api_key.is_empty() && !secret.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "tests may panic"
    )]

    use serde_json::Value;

    use super::*;

    /// The vendor's known answers for access tokens: the same tokens, for no body.
    #[test]
    fn published_access_tokens_are_judged_as_their_sources_say() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
        let of_tokens = vectors.iter().filter(|vector| vector["scheme"] == "livekit-access-token");
        let mut seen = 0;
        for vector in of_tokens {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let secret = format!("{}:{}", text(&vector["api_key"]), text(&vector["secret"]));
            let shown = text(&vector["headers"]["Authorization"]);
            let headers = [("Authorization", shown.as_bytes())];
            let now = Millis(vector["now_unix"].as_u64().unwrap() * 1_000);
            let outcome = match token(&Secrets::parse(&secret).unwrap(), &Headers(&headers), now) {
                Ok(_) => "valid",
                Err(SignatureError::Stale) => "stale",
                Err(_) => "refused",
            };
            assert_eq!(vector["expect"], outcome, "{}", vector["id"]);
            seen += 1;
        }
        assert_eq!(seen, 3);
    }
}
