//! Tokens that a vendor's key signs: JSON Web Tokens under HMAC-SHA256 (RFC 7515, RFC 7519).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{Secret, VaultError};

/// {"alg":"HS256","typ":"JWT"}
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// A clock that is behind by so much still accepts the token.
const LEEWAY_SECONDS: u64 = 10;

/// Signs `claims`, a JSON object, with a key of the form `<id>:<secret>`. Adds `iss` (the id), `nbf` and `exp`; claims
/// of these names would make the token ambiguous and are refused.
pub fn sign(key: &Secret, claims: &str, now_seconds: u64, ttl_seconds: u32) -> Result<Secret, VaultError> {
    let (id, secret) = key
        .expose()
        .split_once(':')
        .filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
        .ok_or(VaultError::NotAPair)?;
    let mut claims: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(claims).map_err(|_| VaultError::BadClaims)?;
    let own = [
        ("iss", id.into()),
        ("nbf", now_seconds.saturating_sub(LEEWAY_SECONDS).into()),
        ("exp", now_seconds.saturating_add(u64::from(ttl_seconds)).into()),
    ];
    for (name, value) in own {
        if claims.insert(name.into(), value).is_some() {
            return Err(VaultError::BadClaims);
        }
    }
    let payload = serde_json::to_vec(&claims).map_err(|_| VaultError::BadClaims)?;
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(payload));
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).map_err(|_| VaultError::NotAPair)?;
    let tag = mac.chain_update(signed.as_bytes()).finalize().into_bytes();
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn parts(token: &Secret) -> (String, serde_json::Value) {
        let mut parts = token.expose().split('.');
        let mut decode = || URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        let header = String::from_utf8(decode()).unwrap();
        (header, serde_json::from_slice(&decode()).unwrap())
    }

    #[test]
    fn a_token_says_who_what_and_until_when() {
        let key = Secret::new("API1:shh");
        let token = sign(&key, r#"{"sub":"v","video":{"roomJoin":true}}"#, 1_700_000_000, 60).unwrap();
        let (header, claims) = parts(&token);
        assert_eq!(header, r#"{"alg":"HS256","typ":"JWT"}"#);
        let expected = serde_json::json!({
            "iss": "API1", "sub": "v", "video": {"roomJoin": true}, "nbf": 1_699_999_990, "exp": 1_700_000_060,
        });
        assert_eq!(claims, expected);
        assert!(!token.expose().contains("shh"));
    }

    /// Known answer by another implementation: Python's `hmac.new(b"shh", signed, "sha256")`.
    #[test]
    fn the_signature_is_hmac_sha256_over_header_and_payload() {
        let token = sign(&Secret::new("a:shh"), "{}", 100, 1).unwrap();
        let (signed, tag) = token.expose().rsplit_once('.').unwrap();
        assert_eq!(signed, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEwMSwiaXNzIjoiYSIsIm5iZiI6OTB9");
        assert_eq!(tag, "edctRcaygk_Mrl9kCUg3Wk0K95Y13PHV99i1GTdfDc4");
    }

    #[test]
    fn what_cannot_be_signed() {
        let check = |key: &str, claims: &str, error: VaultError| {
            assert_eq!(sign(&Secret::new(key), claims, 1, 1), Err(error), "{key} {claims}");
        };
        check("no-colon", "{}", VaultError::NotAPair);
        check(":secret", "{}", VaultError::NotAPair);
        check("id:", "{}", VaultError::NotAPair);
        check("a:b", "[]", VaultError::BadClaims);
        check("a:b", "{", VaultError::BadClaims);
        check("a:b", r#"{"iss":"other"}"#, VaultError::BadClaims);
        check("a:b", r#"{"exp":9}"#, VaultError::BadClaims);
    }
}
