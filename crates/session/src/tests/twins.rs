//! What a twin has to say about sessions: consent, deployment, links.

use kv_schemas::memory::Memory;
use serde_json::{Value as Json, json};
use tenancy::Unlogged;
use twins::{Consent, Environment, Mtid, Place};

use super::house::*;
use crate::*;

fn at(store: &Memory, now: calendar::Millis) -> Place<'_> {
    Place { store, now, journal: &Unlogged }
}

fn consent(id: &str) -> Consent {
    Consent {
        id: id.into(),
        sealed_subject: "sealed".into(),
        purpose: "hosting".into(),
        given_at: NOW,
        evidence_sha256: "ab".repeat(32),
        recorded_at: NOW,
        revoked_at: None,
    }
}

/// Tenants `a` (with a twin, linked and deployed) and `b` (with a twin of its own).
fn stage() -> Memory {
    let store = house();
    for (n, tenant) in [(1, "a"), (2, "b")] {
        let new = twins::parse_twin(&json!({"name": "Travis", "behavior_mode": "host"})).unwrap();
        let id = Mtid::from_random([0, 0, 0, 0, 0, 0, 0, n]);
        twins::create(at(&store, NOW), tenant, id, new, consent("con_1")).unwrap();
    }
    let link = twins::parse_link(&json!({"module": "casino", "mode": "dealer"})).unwrap();
    twins::link(at(&store, NOW), "a", link).unwrap();
    twins::deploy(at(&store, NOW), "a", Environment::Production).unwrap();
    store
}

fn body(link: Json) -> Json {
    json!({"channel": "widget", "consent": true, "link": link})
}

#[test]
fn twn_2_a_link_opens_a_session_for_its_module() {
    let store = stage();
    for (n, link) in [
        "mt-link://casino/MTID#0000-0000-0001?mode=dealer",
        "mt-link://casino/MTID%230000-0000-0001?mode=dealer",
        "mt-link://casino/0000-0000-0001?mode=Casino+Interactive",
        "mt-link://casino/a?mode=dealer",
    ]
    .into_iter()
    .enumerate()
    {
        let n = u64::try_from(n).unwrap();
        let opened = try_open(&store, n, "tg_pk_a", Some(HERE), body(json!(link)), NOW).unwrap();
        assert_eq!((opened.module.as_deref(), opened.behavior.as_deref()), (Some("casino"), Some("dealer")), "{link}");
        let authorization = format!("Bearer {}", opened.token);
        let grant = verify(&store, "", Some(&authorization), Some(HERE), NOW).unwrap();
        assert_eq!((grant.module.as_deref(), grant.behavior.as_deref()), (Some("casino"), Some("dealer")));
        let view = view(&store, "a", &opened.id, NOW).unwrap();
        assert_eq!(view.session.module.as_deref(), Some("casino"));
    }
    let told = events(&store, 10, NOW).unwrap();
    assert_eq!((told[0].1.details["module"].as_str(), told[0].1.details["behavior"].as_str()), ("casino", "dealer"));
    let plain = try_open(&store, 9, "tg_pk_a", Some(HERE), body(Json::Null), NOW).unwrap();
    assert_eq!((plain.module, plain.behavior), (None, None));
}

#[test]
fn twn_2_a_link_that_was_not_issued_opens_nothing() {
    let store = stage();
    let check = |link: Json, status: u16, code: &str, param: Option<&str>| {
        let before = store.keys();
        let refused = try_open(&store, 1, "tg_pk_a", Some(HERE), body(link.clone()), NOW).unwrap_err().problem();
        let shown = (refused.kind.status(), refused.code.as_str(), refused.param.as_deref());
        assert_eq!(shown, (status, code, param), "{link}");
        assert_eq!(store.keys(), before, "a refusal leaves nothing behind");
    };
    check(json!("mt-link://casino/a?mode=host"), 404, "link_unknown", None);
    check(json!("mt-link://casino/a?mode=nonsense"), 404, "link_unknown", None);
    check(json!("mt-link://shop/a?mode=dealer"), 404, "link_unknown", None);
    check(json!("mt-link://casino/nobody?mode=dealer"), 404, "link_unknown", None);
    check(json!("mt-link://casino/MTID#0000-0000-0009?mode=dealer"), 404, "link_unknown", None);
    check(json!("mt-link://casino/b?mode=dealer"), 403, "wrong_tenant", None);
    check(json!("mt-link://casino/MTID#0000-0000-0002?mode=dealer"), 403, "wrong_tenant", None);
    check(json!("https://casino/a?mode=dealer"), 400, "invalid_request", Some("link"));
    check(json!(7), 400, "invalid_request", Some("link"));
    twins::unlink(at(&store, NOW), "a", "casino", None).unwrap();
    check(json!("mt-link://casino/a?mode=dealer"), 404, "link_unknown", None);
}

#[test]
fn ses_5_a_twin_is_opened_by_pages_once_it_is_deployed_and_by_nobody_without_consent() {
    let store = stage();
    let check = |key: &str, refused: Option<&str>| {
        let origin = if key.ends_with('b') { "https://b.example" } else { HERE };
        let before = store.keys();
        assert_eq!(code(try_open(&store, 1, key, Some(origin), body(Json::Null), NOW)), refused, "{key}");
        assert!(store.keys() == before || refused.is_none(), "a refusal leaves nothing behind");
    };
    check("tg_pk_a", None);
    check("tg_pk_b", Some("twin_not_deployed"));
    check("tg_sk_b", None);
    twins::deploy(at(&store, NOW), "b", Environment::Staging).unwrap();
    check("tg_pk_b", Some("twin_not_deployed"));
    twins::deploy(at(&store, NOW), "b", Environment::Production).unwrap();
    check("tg_pk_b", None);
    twins::withdraw(at(&store, NOW), "b").unwrap();
    check("tg_pk_b", Some("twin_not_deployed"));
    twins::revoke_consent(at(&store, NOW), "b", "con_1").unwrap();
    check("tg_pk_b", Some("consent_revoked"));
    check("tg_sk_b", Some("consent_revoked"));
    twins::give_consent(at(&store, NOW), "b", consent("con_2")).unwrap();
    check("tg_sk_b", None);
    twins::retire(at(&store, NOW), "b").unwrap();
    check("tg_sk_b", Some("twin_retired"));
    check("tg_pk_b", Some("twin_retired"));
}

#[test]
fn ses_5_revoking_consent_ends_its_sessions_for_good() {
    let store = stage();
    let open = |n: u64, now| {
        let opened = try_open(&store, n, "tg_pk_a", Some(HERE), body(Json::Null), now).unwrap();
        format!("Bearer {}", opened.token)
    };
    let check = |authorization: &str, now, refused: Option<&str>| {
        assert_eq!(code(verify(&store, "", Some(authorization), Some(HERE), now)), refused);
    };
    let first = open(1, NOW);
    check(&first, NOW, None);
    let revoked = NOW.plus(1_000);
    twins::revoke_consent(at(&store, revoked), "a", "con_1").unwrap();
    check(&first, revoked, Some("session_revoked"));
    let seen = view(&store, "a", "ses_1", revoked).unwrap();
    assert_eq!((seen.status, seen.ended_by.as_deref()), ("ended", Some("revoked")));
    assert_eq!(overdue(&store, 10, revoked).unwrap(), ["ses_1"], "the sweep ends what it holds at vendors");
    // A new consent opens the twin, and no session that was open before, whether or not anybody has noted its end.
    let again = revoked.plus(1_000);
    twins::give_consent(at(&store, again), "a", consent("con_2")).unwrap();
    check(&first, again, Some("session_revoked"));
    assert_eq!(overdue(&store, 10, again).unwrap(), ["ses_1"]);
    let second = open(2, again.plus(1));
    check(&second, again.plus(1), None);
    end(&store, "ses_1", "expired", again).unwrap();
    assert_eq!(view(&store, "a", "ses_1", again).unwrap().ended_by.as_deref(), Some("revoked"));
    assert_eq!(overdue(&store, 10, again.plus(1)).unwrap(), Vec::<String>::new());
}
