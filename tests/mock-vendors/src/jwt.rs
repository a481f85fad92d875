//! Tokens under HMAC-SHA256 (RFC 7515, RFC 7519), made and checked as LiveKit does it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::webhook::mac;

/// Clocks may differ by so much.
const LEEWAY_SECONDS: u64 = 60;

pub fn sign(claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let tag = URL_SAFE_NO_PAD.encode(mac(secret.as_bytes(), &[signed.as_bytes()]));
    format!("{signed}.{tag}")
}

/// The claims of a token that is rightly signed and good at `now`; it must say until when.
pub fn verify(token: &str, secret: &str, now: u64) -> Result<Value, &'static str> {
    let (signed, tag) = token.rsplit_once('.').ok_or("not a token")?;
    let (header, claims) = signed.split_once('.').ok_or("not a token")?;
    if read(header)?["alg"] != "HS256" {
        return Err("not HS256");
    }
    if URL_SAFE_NO_PAD.decode(tag).ok() != Some(mac(secret.as_bytes(), &[signed.as_bytes()])) {
        return Err("wrongly signed");
    }
    let claims = read(claims)?;
    let expires = claims["exp"].as_u64().ok_or("without exp")?;
    if now >= expires.saturating_add(LEEWAY_SECONDS) {
        return Err("expired");
    }
    if claims["nbf"].as_u64().is_some_and(|from| now.saturating_add(LEEWAY_SECONDS) < from) {
        return Err("not yet good");
    }
    Ok(claims)
}

fn read(part: &str) -> Result<Value, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url")?;
    serde_json::from_slice(&bytes).map_err(|_| "not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_good_tokens_are_taken() {
        let claims = json!({"iss": "a", "nbf": 1000, "exp": 2000});
        let token = sign(&claims, "shh");
        for (secret, now, expected) in [
            ("shh", 1500, Ok(claims.clone())),
            ("shh", 940, Ok(claims.clone())),
            ("shh", 939, Err("not yet good")),
            ("shh", 2059, Ok(claims.clone())),
            ("shh", 2060, Err("expired")),
            ("other", 1500, Err("wrongly signed")),
        ] {
            assert_eq!(verify(&token, secret, now), expected, "{secret} at {now}");
        }
        assert_eq!(verify(&sign(&json!({"iss": "a"}), "shh"), "shh", 1), Err("without exp"));
        let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        assert_eq!(verify(&unsigned, "shh", 1), Err("not HS256"));
    }

    /// Known answer by another implementation: Python's `hmac.new(b"shh", signed, "sha256")`.
    #[test]
    fn a_known_token() {
        let token = sign(&json!({"exp": 101, "iss": "a", "nbf": 90}), "shh");
        let signed = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEwMSwiaXNzIjoiYSIsIm5iZiI6OTB9";
        assert_eq!(token, format!("{signed}.edctRcaygk_Mrl9kCUg3Wk0K95Y13PHV99i1GTdfDc4"));
        assert_eq!(verify(&token, "shh", 100), Ok(json!({"exp": 101, "iss": "a", "nbf": 90})));
    }
}
