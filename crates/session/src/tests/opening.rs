//! Who gets a session, and who is refused with which code.

use calendar::Millis;
use serde_json::{Value as Json, json};

use super::house::*;
use crate::*;

#[test]
fn keys_and_origins() {
    let store = house();
    tenancy::revoke_key(&store, NOW, "b", &tenancy::key_id("tg_sk_b"), &tenancy::Unlogged).unwrap();
    let body = json!({"channel": "widget", "consent": true});
    let check = |key: &str, origin: Option<&str>, refused: Option<&str>| {
        assert_eq!(code(try_open(&store, 1, key, origin, body.clone(), NOW)), refused, "{key} {origin:?}");
    };
    check("tg_pk_a", Some(HERE), None);
    check("tg_pk_a", None, Some("origin_not_allowed"));
    check("tg_pk_a", Some("https://b.example"), Some("origin_not_allowed"));
    check("tg_pk_a", Some("https://a.example/"), Some("origin_not_allowed"));
    check("tg_pk_a", Some("http://a.example"), Some("origin_not_allowed"));
    check("tg_pk_a", Some("https://a.example.evil.example"), Some("origin_not_allowed"));
    check("tg_pk_a", Some("null"), Some("origin_not_allowed"));
    check("tg_sk_a", None, None);
    check("tg_sk_a", Some("https://anywhere.example"), None);
    check("tg_sk_b", None, Some("key_unknown"));
    check("tg_pk_unknown", Some(HERE), Some("key_unknown"));
    check("admin", None, Some("key_unknown"));
    check("tgs_ses_1.x", None, Some("key_unknown"));
    assert_eq!(code(admit(&store, None, Some(HERE))), Some("key_required"));
    assert_eq!(code(admit(&store, Some("Basic eDp5"), Some(HERE))), Some("key_required"));
    tenancy::delete(&store, NOW, "a", &tenancy::Unlogged).unwrap();
    check("tg_pk_a", Some(HERE), Some("key_unknown"));
}

#[test]
fn bodies() {
    let store = house();
    let check = |body: Json, wrong: &str| {
        let refused = try_open(&store, 1, "tg_sk_a", None, body.clone(), NOW).unwrap_err();
        assert_eq!(refused.problem().param.as_deref(), Some(wrong), "{body}");
        assert_eq!(refused.problem().kind.status(), 400, "{body}");
    };
    check(json!({"consent": true}), "channel");
    check(json!({"channel": "phone", "consent": true}), "channel");
    check(json!({"channel": 7}), "channel");
    check(json!({"channel": "widget", "consent": "true"}), "consent");
    for age in [json!(-1), json!(131), json!(1e9), json!(21.5), json!("21")] {
        check(json!({"channel": "widget", "consent": true, "age_attested": age}), "age_attested");
    }
    check(json!({"channel": "widget", "user_token": 7}), "user_token");
    check(json!({"channel": "widget", "user_token": "x".repeat(9_000)}), "user_token");
    check(json!([]), "body");
    check(json!(null), "body");
}

#[test]
fn channel_consent_and_age() {
    let check = |tenant_has: Json, body: Json, refused: Option<&str>| {
        let store = kv_schemas::memory::Memory::default();
        tenant(&store, "a", tenant_has.clone());
        let before = store.keys();
        assert_eq!(code(try_open(&store, 1, "tg_sk_a", None, body.clone(), NOW)), refused, "{tenant_has} {body}");
        assert_eq!(store.keys() == before, refused.is_some(), "a refusal leaves nothing behind");
    };
    let widget = |extra: Json| {
        let mut body = json!({"channel": "widget", "consent": true});
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    check(json!({}), widget(json!({})), None);
    check(json!({"channels": ["portal"]}), widget(json!({})), Some("channel_disabled"));
    check(json!({"channels": []}), widget(json!({})), Some("channel_disabled"));
    check(json!({}), widget(json!({"consent": false})), Some("consent_required"));
    check(json!({}), widget(json!({"consent": null})), Some("consent_required"));
    check(json!({"consent_required": false}), widget(json!({"consent": false})), None);
    check(json!({"minimum_age": 21}), widget(json!({})), Some("age_required"));
    check(json!({"minimum_age": 21}), widget(json!({"age_attested": 20})), Some("age_required"));
    check(json!({"minimum_age": 21}), widget(json!({"age_attested": 21})), None);
    check(json!({}), widget(json!({"age_attested": 3, "later_field": 1})), None);
}

#[test]
fn a_refusal_for_age_says_which_age() {
    let check = |tenant_has: Json, age: Option<u32>| {
        let store = kv_schemas::memory::Memory::default();
        tenant(&store, "a", tenant_has.clone());
        let refused = try_open(&store, 1, "tg_sk_a", None, json!({"channel": "widget"}), NOW).unwrap_err();
        assert_eq!((refused.problem().kind.status(), refused.problem().minimum_age), (403, age), "{tenant_has}");
    };
    check(json!({"minimum_age": 21, "consent_required": false}), Some(21));
    check(json!({"minimum_age": 18, "consent_required": false}), Some(18));
    // Consent is asked for first.
    check(json!({"minimum_age": 21}), None);
}

#[test]
fn the_answer_is_the_documented_one() {
    let store = kv_schemas::memory::Memory::default();
    tenant(&store, "a", json!({}));
    tenant(&store, "t", json!({"capabilities": ["chat", "context"]}));
    let body = json!({"channel": "portal", "consent": true});
    let full = try_open(&store, 1, "tg_sk_a", None, body.clone(), NOW).unwrap();
    assert_eq!(
        serde_json::to_value(&full).unwrap(),
        json!({"id": "ses_1", "token": format!("tgs_ses_1.{:064x}", 1), "tenant_id": "a", "mode": "full",
            "capabilities": ["chat", "speech", "video", "context", "jobs"], "tick_seconds": 15, "disclosure": "AI Host",
            "expires_at": NOW.plus(LIFETIME).to_string()})
    );
    let text = try_open(&store, 2, "tg_sk_t", None, body, NOW).unwrap();
    assert_eq!((text.mode, text.capabilities.len()), ("text", 2));
    for name in store.keys().iter().filter(|name| !name.ends_with("/tail")) {
        let value = String::from_utf8(kv_schemas::Store::get(&store, name).unwrap().unwrap()).unwrap();
        assert!(!value.contains(&seed(1).secret), "{name} holds the secret itself");
    }
}

#[test]
fn a_store_that_fails_opens_nothing() {
    for crash in 0..5 {
        let store = house();
        store.fail_after(crash);
        let opened = try_open(&store, 1, "tg_pk_a", Some(HERE), json!({"channel": "widget", "consent": true}), NOW);
        assert_eq!(opened.map_err(|refusal| refusal.problem().kind.status()), Err(503), "crash after {crash}");
        store.recover();
        let token = format!("Bearer {}", token("ses_1", &seed(1).secret));
        assert_eq!(code(verify(&store, "", Some(&token), Some(HERE), NOW)), Some("unauthenticated"));
        page(&store, 1, NOW);
        assert!(verify(&store, "", Some(&token), Some(HERE), NOW).is_ok(), "crash after {crash}");
    }
}

#[test]
fn ses_4_a_restricted_page_opens_nothing_without_a_valid_certificate() {
    let store = house();
    tenant(&store, "c", json!({"restricted_pages": ["/shop/*"], "minimum_age": 21}));
    let day = |at: Millis| at.day();
    let certificate = |page: &str, to: Millis| {
        json!({"page": page, "product": "p", "batch": "1", "laboratory": "l", "issued_on": day(NOW), "expires_on": day(to),
            "url": "https://lab.example/1", "sha256": "0".repeat(64)})
    };
    let listed = json!({"certificates": [certificate("/shop/hemp", NOW)]});
    let listed = compliance::parse_certificates(&listed).unwrap();
    compliance::put_certificates(&store, "c", &listed, &tenancy::Unlogged).unwrap();

    let check = |key: &str, page: Json, age: u32, at: Millis, refused: Option<&str>| {
        let body = json!({"channel": "widget", "consent": true, "age_attested": age, "page": page});
        let origin = Some("https://c.example");
        let found = try_open(&store, 1, key, origin, body, at);
        assert_eq!(code(found), refused, "{key} {page} {age}");
    };
    let tomorrow = NOW.plus(calendar::DAY);
    check("tg_pk_c", json!("/shop/hemp"), 21, NOW, None);
    check("tg_pk_c", json!("/shop//%68emp/"), 21, NOW, None);
    check("tg_pk_c", json!("/"), 21, NOW, None);
    check("tg_pk_c", json!("/shop/hemp"), 20, NOW, Some("age_required"));
    check("tg_pk_c", json!("/shop/oil"), 20, NOW, Some("age_required"));
    check("tg_pk_c", json!("/shop/oil"), 21, NOW, Some("certificate_missing"));
    check("tg_pk_c", json!("/shop/hemp"), 21, tomorrow, Some("certificate_expired"));
    check("tg_pk_c", Json::Null, 21, NOW, Some("invalid_request"));
    check("tg_sk_c", Json::Null, 21, NOW, None);
    check("tg_sk_c", json!("/shop/oil"), 21, NOW, Some("certificate_missing"));
    for bad in [json!("shop"), json!("/%2e%2e/shop"), json!(7), json!(""), json!("/a?b")] {
        check("tg_pk_c", bad, 21, NOW, Some("invalid_request"));
    }
    // Who has no such pages may say where it is, and needn't.
    for page in [Json::Null, json!("/shop/oil")] {
        let body = json!({"channel": "widget", "consent": true, "page": page});
        assert!(try_open(&store, 2, "tg_pk_a", Some(HERE), body, NOW).is_ok());
    }
}

#[test]
fn twn_5_a_session_with_a_users_token_can_be_found_by_who_that_is() {
    let store = house();
    let auth = json!({"issuer": "https://id.example", "audience": "twins", "jwks": super::issuer::key_set()});
    tenant(&store, "c", json!({"end_user_auth": auth}));
    let open = |n: u64, who: Json| {
        let claims = json!({"iss": "https://id.example", "aud": "twins", "sub": who, "exp": NOW.0 / 1000 + 300});
        let token = super::issuer::sign("d", &json!({"alg": "EdDSA"}), &claims);
        let body = json!({"channel": "widget", "consent": true, "user_token": token});
        try_open(&store, n, "tg_pk_c", Some("https://c.example"), body, NOW).unwrap();
    };
    open(1, json!("anna"));
    open(2, json!("bert"));
    open(3, json!("anna"));
    open(4, Json::Null);
    open(5, json!(""));
    let check = |person: &str, sessions: &[&str]| {
        let found = compliance::sessions_of(&store, &people(&store), "c", person, NOW, 10).unwrap();
        assert_eq!(found.sessions.iter().map(|found| found.session.as_str()).collect::<Vec<_>>(), sessions, "{person}");
    };
    check("anna", &["ses_1", "ses_3"]);
    check("bert", &["ses_2"]);
    check("", &[]);
    assert!(!format!("{:?}", store.dump()).contains("anna"));
}
