//! From `Authorization` and `Origin` to a grant.

use serde_json::json;

use super::house::*;
use crate::*;

#[test]
fn every_kind_of_caller() {
    let store = house();
    let token = page(&store, 1, NOW);
    let check = |shown: Option<&str>, origin: Option<&str>, expected: Result<(Caller, &str), &str>| {
        let got = verify(&store, "the-admin-key", shown, origin, NOW);
        let got = got.as_ref().map(|grant| (grant.caller, grant.tenant.as_str())).map_err(Refusal::code);
        assert_eq!(got, expected, "{shown:?} {origin:?}");
    };
    check(Some("Bearer the-admin-key"), None, Ok((Caller::Operator, "")));
    check(Some("Bearer the-admin-kez"), None, Err("unauthenticated"));
    check(Some("Bearer tg_sk_a"), None, Ok((Caller::Server, "a")));
    check(Some("Bearer tg_sk_x"), None, Err("unauthenticated"));
    check(Some("Bearer tg_pk_a"), Some(HERE), Err("session_required"));
    check(Some(&token), Some(HERE), Ok((Caller::Page, "a")));
    check(Some(&token), None, Err("origin_not_allowed"));
    check(Some(&token), Some("https://b.example"), Err("origin_not_allowed"));
    check(Some(&format!("{}0", &token[..token.len() - 1])), Some(HERE), Err("unauthenticated"));
    check(Some("Bearer tgs_ses_1"), Some(HERE), Err("unauthenticated"));
    check(Some("Bearer tgs_"), Some(HERE), Err("unauthenticated"));
    check(Some(&format!("Bearer {}", super::house::seed(1).secret)), Some(HERE), Err("unauthenticated"));
    check(Some("Bearer"), None, Err("credential_required"));
    check(Some(""), None, Err("credential_required"));
    check(None, None, Err("credential_required"));
    assert_eq!(code(verify(&store, "", Some("Bearer x"), None, NOW)), Some("unauthenticated"));
}

#[test]
fn a_secret_key_filed_under_publishable_is_no_server() {
    let store = house();
    tenancy::issue_key(&store, "a", tenancy::KeyKind::Publishable, "tg_sk_odd", &tenancy::Unlogged).unwrap();
    assert_eq!(code(verify(&store, "", Some("Bearer tg_sk_odd"), None, NOW)), Some("unauthenticated"));
}

#[test]
fn a_servers_session_works_without_origin_or_from_an_allowed_one() {
    let store = house();
    let opened = try_open(&store, 1, "tg_sk_a", None, json!({"channel": "portal", "consent": true}), NOW).unwrap();
    let token = format!("Bearer {}", opened.token);
    let check = |origin: Option<&str>, refused: Option<&str>| {
        assert_eq!(code(verify(&store, "", Some(&token), origin, NOW)), refused, "{origin:?}");
    };
    check(None, None);
    check(Some(HERE), None);
    check(Some("https://b.example"), Some("origin_not_allowed"));
}

#[test]
fn what_the_tenant_switches_off_is_off_at_once() {
    let check = |patch: serde_json::Value, refused: Option<&str>, capabilities: usize| {
        let store = house();
        let token = page(&store, 1, NOW);
        tenancy::patch(&store, NOW, "a", &patch, &tenancy::Unlogged).unwrap();
        let got = verify(&store, "", Some(&token), Some(HERE), NOW);
        assert_eq!(got.as_ref().map_or(0, |grant| grant.capabilities.len()), capabilities, "{patch}");
        assert_eq!(code(got), refused, "{patch}");
    };
    check(json!({}), None, 5);
    check(json!({"capabilities": ["chat"]}), None, 1);
    check(json!({"channels": ["portal"]}), Some("channel_disabled"), 0);
    check(json!({"allowed_origins": []}), Some("origin_not_allowed"), 0);
}

#[test]
fn revoking_the_key_or_deleting_the_tenant_ends_it_at_once() {
    let store = house();
    let (one, two) = (page(&store, 1, NOW), page(&store, 2, NOW));
    assert!(verify(&store, "", Some(&one), Some(HERE), NOW).is_ok());
    tenancy::revoke_key(&store, NOW, "a", &tenancy::key_id("tg_pk_a"), &tenancy::Unlogged).unwrap();
    assert_eq!(code(verify(&store, "", Some(&one), Some(HERE), NOW)), Some("session_revoked"));
    assert_eq!(view(&store, "a", "ses_1", NOW).unwrap().ended_by.as_deref(), Some("revoked"));
    tenancy::delete(&store, NOW, "a", &tenancy::Unlogged).unwrap();
    assert_eq!(code(verify(&store, "", Some(&two), Some(HERE), NOW)), Some("session_revoked"));
    assert_eq!(code(verify(&store, "", Some("Bearer tg_sk_a"), None, NOW)), Some("unauthenticated"));
}

#[test]
fn a_store_that_fails_lets_nobody_in() {
    let store = house();
    let token = page(&store, 1, NOW);
    for (shown, operations) in [(token.as_str(), 5), ("Bearer tg_sk_a", 2)] {
        for crash in 0..operations {
            store.fail_after(crash);
            assert_eq!(code(verify(&store, "k", Some(shown), Some(HERE), NOW)), Some("offline"), "{shown} {crash}");
        }
        store.fail_after(operations);
        assert_eq!(code(verify(&store, "k", Some(shown), Some(HERE), NOW)), None, "{shown}");
    }
}
