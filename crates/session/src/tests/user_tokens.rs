//! End users' tokens: who vouches, for whom, until when (EVIDENCE-03).

use serde_json::{Value as Json, json};
use tenancy::EndUserAuth;

use super::{house::*, issuer::*};
use crate::{user_token::verify, *};

fn auth() -> EndUserAuth {
    EndUserAuth { issuer: "https://id.example".into(), audience: "twins".into(), jwks: Some(key_set()), jwks_url: None }
}

fn claims(extra: Json) -> Json {
    let mut claims = json!({"iss": "https://id.example", "aud": "twins", "sub": "u1", "exp": NOW.0 / 1000 + 300});
    for (name, value) in extra.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn check(token: &str, refused: Option<&str>) {
    assert_eq!(code(verify(token, &auth(), &KeySet::read(&key_set()), NOW)), refused, "{token}");
}

const INVALID: Option<&str> = Some("user_token_invalid");
const ELSEWHERE: Option<&str> = Some("user_token_wrong_tenant");

#[test]
fn the_three_algorithms_are_accepted() {
    for (signer, alg) in [("r", "RS256"), ("e", "ES256"), ("d", "EdDSA")] {
        check(&sign(signer, &json!({"alg": alg, "kid": signer}), &claims(json!({}))), None);
        check(&sign(signer, &json!({"alg": alg}), &claims(json!({}))), None);
        check(&sign(signer, &json!({"alg": alg, "kid": "other"}), &claims(json!({}))), INVALID);
    }
}

#[test]
fn no_other_algorithm_and_no_forged_signature_is() {
    let good = sign("d", &json!({"alg": "EdDSA"}), &claims(json!({})));
    let (message, signature) = good.rsplit_once('.').unwrap();
    for alg in ["none", "None", "HS256", "HS512", "RS384", "RS512", "PS256", "ES384", "ES256", "RS256", "eddsa", ""] {
        check(&sign("d", &json!({"alg": alg}), &claims(json!({}))), INVALID);
    }
    check(&sign("d", &json!({}), &claims(json!({}))), INVALID);
    check(&sign("d", &json!({"alg": 7}), &claims(json!({}))), INVALID);
    check(&sign("d", &json!({"alg": "EdDSA", "crit": ["b64"]}), &claims(json!({}))), INVALID);
    check(&sign("r", &json!({"alg": "RS256", "kid": "d"}), &claims(json!({}))), INVALID);
    check(&format!("{message}."), INVALID);
    check(&format!("{message}.AAAA"), INVALID);
    check(&format!("{message}.{}", "A".repeat(86)), INVALID);
    check(&format!("{message}.{}!", &signature[..85]), INVALID);
    let other = sign("d", &json!({"alg": "EdDSA"}), &claims(json!({"sub": "u2"})));
    check(&format!("{}.{signature}", other.rsplit_once('.').unwrap().0), INVALID);
    for text in
        ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.W10.AA", "ü.ü.ü", &"x".repeat(8192), &".".repeat(100)]
    {
        check(text, INVALID);
    }
}

#[test]
fn claims_are_for_this_tenant_and_for_now() {
    let signed = |extra: Json| sign("d", &json!({"alg": "EdDSA"}), &claims(extra));
    let now = NOW.0 / 1000;
    check(&signed(json!({"aud": ["x", "twins"]})), None);
    check(&signed(json!({"aud": "other"})), ELSEWHERE);
    check(&signed(json!({"aud": []})), ELSEWHERE);
    check(&signed(json!({"aud": null})), ELSEWHERE);
    check(&signed(json!({"iss": "https://other.example"})), ELSEWHERE);
    check(&signed(json!({"iss": null})), ELSEWHERE);
    check(&signed(json!({"exp": now - 59})), None);
    check(&signed(json!({"exp": now - 60})), INVALID);
    check(&signed(json!({"exp": 0})), INVALID);
    check(&signed(json!({"exp": null})), INVALID);
    check(&signed(json!({"exp": "tomorrow"})), INVALID);
    check(&signed(json!({"exp": -5})), INVALID);
    check(&signed(json!({"exp": u64::MAX})), None);
    check(&signed(json!({"exp": (now + 5) as f64 + 0.5})), None);
    check(&signed(json!({"nbf": now + 60})), None);
    check(&signed(json!({"nbf": now + 61})), INVALID);
    check(&signed(json!({"nbf": "x"})), INVALID);
    check(&signed(json!({"iat": now + 3600})), INVALID);
}

#[test]
fn odd_keys_are_passed_over() {
    let check = |change: Json, kid: &str, known: bool| {
        let mut key = public_key(kid);
        for (name, value) in change.as_object().unwrap() {
            key[name] = value.clone();
        }
        assert_eq!(KeySet::read(&json!({"keys": [key.clone()]})).knows(kid), known, "{key}");
    };
    for kid in ["r", "e", "d"] {
        check(json!({}), kid, true);
        check(json!({"use": "enc"}), kid, false);
        check(json!({"kty": "oct"}), kid, false);
        check(json!({"alg": "HS256"}), kid, false);
    }
    check(json!({"n": "AQAB"}), "r", false);
    check(json!({"n": "A".repeat(343)}), "r", false);
    check(json!({"e": "AQ"}), "r", false);
    check(json!({"e": "AA"}), "r", false);
    check(json!({"n": "not base64!"}), "r", false);
    check(json!({"crv": "P-384"}), "e", false);
    check(json!({"x": "AA"}), "e", false);
    check(json!({"x": "AA"}), "d", false);
    check(json!({"x": ""}), "d", false);
    check(json!({"x": null}), "d", false);
    for set in [json!(null), json!([]), json!({"keys": 5}), json!({"keys": [5, null, {}]})] {
        assert!(!KeySet::read(&set).knows("d"));
    }
    // A point that isn't on the curve is found out when a signature is checked: refused, no panic.
    let off_curve = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
    let token = sign("e", &json!({"alg": "ES256"}), &claims(json!({})));
    assert_eq!(code(verify(&token, &auth(), &KeySet::read(&json!({"keys": [off_curve]})), NOW)), INVALID);
}

#[test]
fn user_a_of_tenant_a_cannot_open_tenant_bs_twin() {
    let store = kv_schemas::memory::Memory::default();
    let vouch = |audience: &str| json!({"end_user_auth": {"issuer": "https://id.example", "audience": audience, "jwks": key_set()}});
    tenant(&store, "a", vouch("twin-a"));
    tenant(&store, "b", vouch("twin-b"));
    let token_a = sign("d", &json!({"alg": "EdDSA", "kid": "d"}), &claims(json!({"aud": "twin-a"})));
    let check = |key: &str, origin: &str, token: Json, refused: Option<(&str, u16)>| {
        let body = json!({"channel": "widget", "consent": true, "user_token": token});
        let result = try_open(&store, 1, key, Some(origin), body, NOW);
        assert_eq!(result.err().map(|r| (r.code(), r.problem().kind.status())), refused, "{key}");
    };
    check("tg_pk_b", "https://b.example", json!(token_a), Some(("user_token_wrong_tenant", 403)));
    check("tg_pk_a", "https://a.example", json!(token_a), None);
    check("tg_sk_b", "https://b.example", json!(token_a), Some(("user_token_wrong_tenant", 403)));
    check("tg_pk_a", "https://a.example", json!(null), Some(("user_token_required", 401)));
    check("tg_pk_a", "https://a.example", json!("nonsense"), Some(("user_token_invalid", 401)));
    assert_eq!(user_token::key_id(&token_a).as_deref(), Some("d"));
    assert_eq!(user_token::key_id("nonsense"), None);
}
