//! Signs webhooks as their senders do, for tests of the receiving side.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Headers to send along with a body.
pub type Headers = Vec<(String, String)>;

/// The generic scheme: `X-Signature: <hex HMAC-SHA256 of "{X-Timestamp}.{X-Request-Id}." + body>`.
pub fn generic(secret: &str, request_id: &str, timestamp: u64, body: &[u8]) -> Headers {
    let signature = hex(&mac(secret.as_bytes(), &[format!("{timestamp}.{request_id}.").as_bytes(), body]));
    headers([
        ("x-signature", signature),
        ("x-request-id", request_id.to_owned()),
        ("x-timestamp", timestamp.to_string()),
    ])
}

/// Standard Webhooks, as OpenAI signs. `secret` is `whsec_` and base64, or raw.
pub fn standard(secret: &str, id: &str, timestamp: u64, body: &[u8]) -> Headers {
    let key = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    let key = key.unwrap_or_else(|| secret.as_bytes().to_vec());
    let signature = STANDARD.encode(mac(&key, &[format!("{id}.{timestamp}.").as_bytes(), body]));
    headers([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", format!("v1,{signature}")),
    ])
}

/// `ElevenLabs-Signature: t=<unix seconds>,v0=<hex HMAC-SHA256 of "<t>." + body>`.
pub fn elevenlabs(secret: &str, timestamp: u64, body: &[u8]) -> Headers {
    let signature = hex(&mac(secret.as_bytes(), &[format!("{timestamp}.").as_bytes(), body]));
    headers([("elevenlabs-signature", format!("t={timestamp},v0={signature}"))])
}

fn headers<const N: usize>(list: [(&str, String); N]) -> Headers {
    let mut all: Headers = list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    all.push(("content-type".to_owned(), "application/json".to_owned()));
    all
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_matches_rfc_4231_case_2() {
        let signature = hex(&mac(b"Jefe", &[b"what do ya want ", b"for nothing?"]));
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
