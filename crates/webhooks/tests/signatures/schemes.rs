//! What is peculiar to one scheme, and the ids of deliveries.

use calendar::Millis;
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, verify};

use crate::vectors::Vector;

type Judged = Result<Option<String>, SignatureError>;

fn judge(scheme: Scheme, secret: &str, headers: &[(&str, &str)], body: &[u8], now: u64) -> Judged {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let secrets = Secrets::parse(secret)?;
    verify(scheme, &secrets, &Headers(&headers), body, Millis(now * 1_000)).map(|verified| verified.id)
}

#[test]
fn ids_are_those_that_cannot_be_changed() {
    let check = |vector: &str, expected: Option<&str>| {
        let vector = Vector::named(vector);
        let headers: Vec<(&str, &str)> = vector.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let found = judge(vector.scheme(), &vector.secret(), &headers, vector.body.as_bytes(), vector.now_unix);
        assert_eq!(found, Ok(expected.map(str::to_owned)), "{}", vector.id);
    };
    check("stdwh-valid", Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
    check("stdwh-ed25519-valid", Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
    check("stripe-dotnet-valid", Some("evt_123"));
    check("async-stripe-valid", Some("evt_123"));
    check("kie-valid", Some("veo_task_abcdef123456"));
    check("kie-body-swap-still-valid", Some("veo_task_abcdef123456"));
    check("telegram-valid", Some("10000"));
    // This body of LiveKit's has none.
    check("livekit-valid", None);
    check("eleven-valid", None);
    // These have one in a header that isn't signed.
    check("heygen-v3-valid", None);
    check("uploadpost-valid", None);
}

#[test]
fn telegram_updates_are_told_apart_by_their_id() {
    let check = |body: &[u8], expected: Option<&str>| {
        let headers = [("X-Telegram-Bot-Api-Secret-Token", "a_B-1")];
        assert_eq!(judge(Scheme::Telegram, "a_B-1", &headers, body, 0), Ok(expected.map(str::to_owned)));
    };
    check(br#"{"update_id":7,"message":{"update_id":8}}"#, Some("7"));
    check(br#"{"update_id":9223372036854775807}"#, Some("9223372036854775807"));
    check(br#"{"update_id":9223372036854775808}"#, None);
    check(br#"{"update_id":"7"}"#, None);
    check(br#"{"update_id":7,"update_id":8}"#, None);
    check(b"{}", None);
    check(b"\xff", None);
    check(b"", None);
}

#[test]
fn telegram_tokens_are_compared_whole() {
    use SignatureError::{BadSignature, Malformed};
    let check = |secret: &str, shown: &str, expected: Result<(), SignatureError>| {
        let headers = [("X-Telegram-Bot-Api-Secret-Token", shown)];
        let found = judge(Scheme::Telegram, secret, &headers, b"{}", 0).map(|_| ());
        assert_eq!(found, expected, "{secret} {shown}");
    };
    let longest = "x".repeat(256);
    check(&longest, &longest, Ok(()));
    check(&longest, &"x".repeat(255), Err(BadSignature));
    check(&longest, &"x".repeat(257), Err(Malformed));
    check("abc", "ABC", Err(BadSignature));
    check("abc", "abc ", Err(Malformed));
    check("abc", "abcd", Err(BadSignature));
    check("abc\ndef", "def", Ok(()));
    check("abc\ndef", "abcdef", Err(BadSignature));
    // Telegram takes no such secret, so none can be shown.
    check("a.b", "a.b", Err(Malformed));
}

#[test]
fn kie_bodies_must_speak_of_one_task() {
    use SignatureError::{BadSignature, Malformed};
    let good = Vector::named("kie-valid");
    let headers: Vec<(&str, &str)> = good.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let check = |body: &str, expected: Result<(), SignatureError>| {
        let body = body.replace('$', "veo_task_abcdef123456");
        let found = judge(Scheme::Kie, &good.secret(), &headers, body.as_bytes(), good.now_unix).map(|_| ());
        assert_eq!(found, expected, "{body}");
    };
    check(r#"{"data":{"taskId":"$"}}"#, Ok(()));
    check(r#"{"data":{"task_id":"$"}}"#, Ok(()));
    check(r#"{"taskId":"$"}"#, Ok(()));
    check(r#"{"task_id":"$","data":null}"#, Ok(()));
    check(r#"{"taskId":"$","data":{"taskId":"$","task_id":"$"}}"#, Ok(()));
    check(r#"{"data":{"taskId":"other"}}"#, Err(BadSignature));
    // The signature would be for the one, and the effect on the other.
    check(r#"{"taskId":"other","data":{"taskId":"$"}}"#, Err(Malformed));
    check(r#"{"taskId":"$","data":{"taskId":"other"}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":"$","task_id":"other"}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":"other","taskId":"$"}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":"$"},"data":{"taskId":"other"}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":""}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":"aufgäbe"}}"#, Err(Malformed));
    check(r#"{"data":{"taskId":7}}"#, Err(Malformed));
    check(r#"{"data":"$"}"#, Err(Malformed));
    check(r#"{"data":{}}"#, Err(Malformed));
    check("{}", Err(Malformed));
    check("", Err(Malformed));
    check("$", Err(Malformed));
    check(&"[".repeat(100_000), Err(Malformed));
    check(&format!(r#"{{"taskId":"{}"}}"#, "x".repeat(257)), Err(Malformed));
}

#[test]
fn hex_signatures_are_read_in_one_form() {
    let of_github = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let check = |value: &str, expected: Result<(), SignatureError>| {
        let headers = [("x-hub-signature-256", value)];
        let found = judge(Scheme::GitHub, "It's a Secret to Everybody", &headers, b"Hello, World!", 0).map(|_| ());
        assert_eq!(found, expected, "{value}");
    };
    check(&format!("sha256={of_github}"), Ok(()));
    check(&format!("sha256={}", of_github.to_uppercase()), Ok(()));
    check(of_github, Err(SignatureError::Malformed));
    check(&format!("sha1={of_github}"), Err(SignatureError::Malformed));
    check(&format!("SHA256={of_github}"), Err(SignatureError::Malformed));
    check(&format!("sha256={of_github},sha256={of_github}"), Err(SignatureError::Malformed));
    check("sha256=dXEH6g6yUJ/CESIczpSLijdXC211hsIsRvQ3nIsEPhc=", Err(SignatureError::Malformed));
    check(&format!("sha256={}", "0".repeat(64)), Err(SignatureError::BadSignature));
}

#[test]
fn heygen_sends_one_form_or_the_other() {
    let good = "15094fc688f316a07e4d3069dc92404fc33332a97c4f7247fe3192453a4fad8d";
    let vector = Vector::named("heygen-v3-valid");
    let check = |headers: &[(&str, &str)], expected: Result<(), SignatureError>| {
        let found = judge(Scheme::HeyGen, &vector.secret(), headers, vector.body.as_bytes(), vector.now_unix);
        assert_eq!(found.map(|_| ()), expected, "{headers:?}");
    };
    let time = ("heygen-timestamp", "1700000000");
    check(&[("heygen-signature", good), time], Ok(()));
    check(&[("signature", good)], Ok(()));
    check(&[], Err(SignatureError::MissingHeader));
    check(&[time], Err(SignatureError::MissingHeader));
    check(&[("heygen-signature", good)], Err(SignatureError::MissingHeader));
    // The older form is for those that send no newer one, not for those whose newer one is bad.
    let zeros = "0".repeat(64);
    check(&[("heygen-signature", &zeros), ("signature", good), time], Err(SignatureError::BadSignature));
    check(&[("heygen-signature", good), ("signature", good)], Err(SignatureError::MissingHeader));
    check(&[("signature", good), ("signature", good)], Err(SignatureError::Malformed));
}

/// A public key may be known to everybody: nothing signed with it as if it were a shared secret may pass.
#[test]
fn public_keys_are_no_shared_secrets() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use hmac::{Hmac, Mac};
    let check = |secret: &str, key: &[u8], expected: SignatureError| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(b"msg_1.1700000000.{}");
        let signature = format!("v1,{0} v1a,{0} {0}", STANDARD.encode(mac.finalize().into_bytes()));
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", signature.as_str())];
        assert_eq!(judge(Scheme::StandardWebhooks, secret, &headers, b"{}", 1_700_000_000), Err(expected), "{secret}");
    };
    let public = "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let decoded = STANDARD.decode(public).unwrap();
    let whole = format!("whpk_{public}");
    check(&whole, &decoded, SignatureError::BadSignature);
    check(&whole, whole.as_bytes(), SignatureError::BadSignature);
    check(&whole, public.as_bytes(), SignatureError::BadSignature);
    // No keys at all: damaged, or the sender's own.
    check("whpk_AAAA", b"whpk_AAAA", SignatureError::NoSecret);
    check(&format!("whsk_{public}"), &decoded, SignatureError::NoSecret);
}

/// A signature that fits every message under a key that nobody has.
#[test]
fn weak_public_keys_believe_nothing() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut neutral = [0; 64];
    neutral[0] = 1;
    let secret = format!("whpk_{}", STANDARD.encode(&neutral[..32]));
    let signature = format!("v1a,{}", STANDARD.encode(neutral));
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", signature.as_str())];
    let found = judge(Scheme::StandardWebhooks, &secret, &headers, b"{}", 1_700_000_000);
    assert_eq!(found, Err(SignatureError::BadSignature));
}
