//! Tokens that LiveKit would not make, and some that it would.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use calendar::Millis;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, verify};

use SignatureError::{BadSignature, Malformed, NoSecret, Stale};

const NOW: u64 = 1_700_000_000;
const BODY: &[u8] = br#"{"event":"room_finished","id":"EV_1"}"#;
const SECRETS: &str = "key-a:secret-a\nkey-b:secret:b";

fn mac(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Signs any JSON text as header and claims.
fn sign(secret: &str, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{signed}.{}", mac(secret, &signed))
}

/// The claims of a good token, with `changes` over them (null removes one).
fn claims(changes: &Value) -> String {
    let hash = STANDARD.encode(Sha256::digest(BODY));
    let mut claims = json!({"iss": "key-a", "nbf": NOW, "exp": NOW + 300, "sha256": hash});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims.to_string()
}

fn good() -> String {
    sign("secret-a", r#"{"alg":"HS256","typ":"JWT"}"#, &claims(&json!({})))
}

fn judge(secrets: &str, header: &str) -> Result<Option<String>, SignatureError> {
    let headers = [("authorization", header.as_bytes())];
    let secrets = Secrets::parse(secrets)?;
    verify(Scheme::LiveKit, &secrets, &Headers(&headers), BODY, Millis(NOW * 1_000)).map(|verified| verified.id)
}

fn check(name: &str, header: &str, expected: Result<(), SignatureError>) {
    assert_eq!(judge(SECRETS, header).map(|_| ()), expected, "{name}: {header}");
}

#[test]
fn good_tokens_are_taken() {
    assert_eq!(judge(SECRETS, &good()), Ok(Some("EV_1".into())));
    check("with Bearer", &format!("Bearer {}", good()), Ok(()));
    check("with bearer", &format!("bearer {}", good()), Ok(()));
    let other = claims(&json!({"iss": "key-b"}));
    check("of another key", &sign("secret:b", r#"{"alg":"HS256"}"#, &other), Ok(()));
    check("without nbf", &sign("secret-a", r#"{"alg":"HS256"}"#, &claims(&json!({"nbf": null}))), Ok(()));
    // The same API key with its old and its new secret.
    assert!(judge("key-a:new\nkey-a:secret-a", &good()).is_ok());
}

#[test]
fn the_algorithm_is_not_the_tokens_choice() {
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"typ":"JWT"}"#,
        "{}",
        "null",
        "",
        "HS256",
    ] {
        check(header, &sign("secret-a", header, &claims(&json!({}))), Err(Malformed));
    }
    // Nor is it none because there is no signature.
    let unsigned = sign("secret-a", r#"{"alg":"none"}"#, &claims(&json!({})));
    check("none, unsigned", &unsigned[..=unsigned.rfind('.').unwrap()], Err(Malformed));
    let unsigned = good();
    check("unsigned", &unsigned[..=unsigned.rfind('.').unwrap()], Err(BadSignature));
}

#[test]
fn claims_must_be_there_and_in_time() {
    let check = |changes: Value, expected: Result<(), SignatureError>| {
        check(&changes.to_string(), &sign("secret-a", r#"{"alg":"HS256"}"#, &claims(&changes)), expected);
    };
    check(json!({"exp": null}), Err(BadSignature));
    check(json!({"exp": NOW - 60}), Ok(()));
    check(json!({"exp": NOW - 61}), Err(Stale));
    check(json!({"exp": 0}), Err(Stale));
    check(json!({"exp": u64::MAX}), Ok(()));
    check(json!({"exp": -1}), Err(Malformed));
    check(json!({"exp": 1.7e300}), Err(Malformed));
    check(json!({"exp": (NOW + 300).to_string()}), Err(Malformed));
    check(json!({"nbf": NOW + 60}), Ok(()));
    check(json!({"nbf": NOW + 61}), Err(Stale));
    check(json!({"nbf": u64::MAX}), Err(Stale));
    check(json!({"nbf": "soon"}), Err(Malformed));
    check(json!({"iss": null}), Err(BadSignature));
    check(json!({"iss": ""}), Err(BadSignature));
    check(json!({"iss": "key-b"}), Err(BadSignature));
    check(json!({"iss": "KEY-A"}), Err(BadSignature));
    check(json!({"iss": "key-ä"}), Err(BadSignature));
    check(json!({"iss": "key-a:secret-a"}), Err(BadSignature));
    check(json!({"iss": 7}), Err(Malformed));
    check(json!({"sha256": null}), Err(BadSignature));
    check(json!({"sha256": ""}), Err(BadSignature));
    check(json!({"sha256": "größe"}), Err(BadSignature));
    check(json!({"sha256": STANDARD.encode(Sha256::digest(b""))}), Err(BadSignature));
    check(json!({"sha256": STANDARD.encode(&Sha256::digest(BODY)[..16])}), Err(BadSignature));
    let hex: String = Sha256::digest(BODY).iter().map(|byte| format!("{byte:02x}")).collect();
    check(json!({"sha256": hex}), Err(BadSignature));
}

#[test]
fn tokens_of_another_form_are_no_tokens() {
    let good = good();
    let parts: Vec<&str> = good.split('.').collect();
    check("two parts", &parts[..2].join("."), Err(Malformed));
    check("four parts", &format!("{good}.{}", parts[2]), Err(Malformed));
    check("no parts", "..", Err(Malformed));
    check("padded", &format!("{good}="), Err(Malformed));
    check("of the other base64", &format!("{}.{}.++//", parts[0], parts[1]), Err(Malformed));
    check("another scheme", &format!("Basic {good}"), Err(Malformed));
    check("Bearer alone", "Bearer ", Err(Malformed));
    check("Bearer twice", &format!("Bearer Bearer {good}"), Err(Malformed));
    check("two spaces", &format!("Bearer  {good}"), Err(Malformed));
    check("two tokens", &format!("{good},{good}"), Err(Malformed));
    check("claims that are no JSON", &sign("secret-a", r#"{"alg":"HS256"}"#, "iss"), Err(Malformed));
    check("claims twice", &sign("secret-a", r#"{"alg":"HS256"}"#, r#"{"exp":1,"exp":9999999999}"#), Err(Malformed));
    let nested = "[".repeat(2_000);
    check("claims too deep", &sign("secret-a", r#"{"alg":"HS256"}"#, &format!(r#"{{"x":{nested}"#)), Err(Malformed));
    check("another's claims", &format!("{}.{}.{}", parts[0], parts[0], parts[2]), Err(BadSignature));
}

#[test]
fn secrets_must_name_their_api_key() {
    let check = |secrets: &str, error: SignatureError| {
        assert_eq!(judge(secrets, &good()), Err(error), "{secrets:?}");
    };
    check("", NoSecret);
    check("secret-a", NoSecret);
    check(":secret-a", NoSecret);
    check("key-a:", NoSecret);
    check(":", NoSecret);
    check("key-b:secret-a", BadSignature);
    check("secret-a:key-a", BadSignature);
}

/// Whoever leaves the secret empty must not be open to all.
#[test]
fn an_empty_key_signs_nothing() {
    let of_empty = sign("", r#"{"alg":"HS256"}"#, &claims(&json!({"iss": ""})));
    for secrets in [SECRETS, ":", "key-a:", "key-a:\n:\nkey-b:b"] {
        assert!(judge(secrets, &of_empty).is_err(), "{secrets:?}");
    }
}
