//! Signs webhooks as their senders do, for tests of the receiving side.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::jwt;

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

/// `Authorization: <JWT>` that carries the body's SHA-256.
pub fn livekit(key_id: &str, secret: &str, timestamp: u64, body: &[u8]) -> Headers {
    let hash = STANDARD.encode(Sha256::digest(body));
    let claims = json!({"iss": key_id, "iat": timestamp, "nbf": timestamp, "exp": timestamp + 300, "sha256": hash});
    let mut all = headers([("authorization", jwt::sign(&claims, secret)), ("user-agent", "LiveKit".to_owned())]);
    if let Some((_, kind)) = all.iter_mut().find(|(name, _)| name == "content-type") {
        *kind = "application/webhook+json".to_owned();
    }
    all
}

/// `X-Webhook-Signature: <base64 HMAC-SHA256 of "<task id>.<timestamp>">`: the body isn't covered.
pub fn kie(secret: &str, task_id: &str, timestamp: u64) -> Headers {
    let signature = STANDARD.encode(mac(secret.as_bytes(), &[format!("{task_id}.{timestamp}").as_bytes()]));
    headers([("x-webhook-timestamp", timestamp.to_string()), ("x-webhook-signature", signature)])
}

/// `X-Upload-Post-Signature: sha256=<hex HMAC-SHA256 of "<timestamp>." + body>`.
pub fn upload_post(secret: &str, delivery: &str, timestamp: u64, body: &[u8]) -> Headers {
    let signature = hex(&mac(secret.as_bytes(), &[format!("{timestamp}.").as_bytes(), body]));
    headers([
        ("x-upload-post-signature", format!("sha256={signature}")),
        ("x-upload-post-timestamp", timestamp.to_string()),
        ("x-upload-post-event", "upload_completed".to_owned()),
        ("x-upload-post-delivery", delivery.to_owned()),
    ])
}

/// `X-Telegram-Bot-Api-Secret-Token: <secret>`: nothing is signed.
pub fn telegram(secret: &str) -> Headers {
    headers([("x-telegram-bot-api-secret-token", secret.to_owned())])
}

/// `Heygen-Signature: <hex HMAC-SHA256 of the body>`: the timestamp isn't covered.
pub fn heygen(secret: &str, event_id: &str, timestamp: u64, body: &[u8]) -> Headers {
    headers([
        ("heygen-signature", hex(&mac(secret.as_bytes(), &[body]))),
        ("heygen-timestamp", timestamp.to_string()),
        ("heygen-event-id", event_id.to_owned()),
    ])
}

fn headers<const N: usize>(list: [(&str, String); N]) -> Headers {
    let mut all: Headers = list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    all.push(("content-type".to_owned(), "application/json".to_owned()));
    all
}

pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
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

    fn check(signed: Headers, name: &str, expected: &str) {
        let found = signed.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        assert_eq!(found, Some(expected), "{name}");
    }

    /// Constructed from the vendors' descriptions by another implementation; LiveKit's hash is from its Node library.
    #[test]
    fn known_signatures() {
        let signed = kie("test_kie_hmac_key", "veo_task_abcdef123456", 1_700_000_000);
        check(signed, "x-webhook-signature", "rLznFoTnI2R0UV9ui2ZV9Glt2A0EnyYZeFCrm29/Qmk=");

        let body = br#"{"event":"upload_completed","job_id":"a1b2c3d4e5f6","user_email":"a@example.com","profile_username":"test","platform":"tiktok","media_type":"video","title":"My Awesome Video","caption":"","result":{"success":true,"url":"https://www.tiktok.com/@x/video/1","publish_id":"p1","post_id":"1","error":null},"created_at":"2024-03-15T14:30:00.000000"}"#;
        let signed = upload_post("test_upload_post_secret", "dlv_1", 1_700_000_000, body);
        let expected = "sha256=80aad6fe7e224857f5bb8bea6ffe1166cec73461118dcc1006a3721ddc01bb05";
        check(signed, "x-upload-post-signature", expected);

        let body = br#"{"event":"room_started", "room":{"sid":"RM_TkVjUvAqgzKz", "name":"mytestroom", "emptyTimeout":300, "creationTime":"1628545903", "turnPassword":"ICkSr2rEeslkN6e9bXL4Ji5zzMD5Z7zzr6ulOaxMj6N", "enabledCodecs":[{"mime":"audio/opus"}, {"mime":"video/VP8"}]}}"#;
        let token = concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhYmNkZWZnIiwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsIm",
            "V4cCI6MTcwMDAwMDMwMCwic2hhMjU2IjoiQ29FUXoxY2hxSjliblpSY09SZGRqcGxrdnBqbVB1am1MVFI0MkRiZWZZST0ifQ.",
            "bxYGuvoFcbD-WMWgYWcTP1IU7Tl7yf7VjjoOnYU43LQ"
        );
        check(livekit("abcdefg", "abababa", 1_700_000_000, body), "authorization", token);
    }
}
