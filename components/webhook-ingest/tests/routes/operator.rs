//! What the operator may do, and nobody else.

use http::Method;
use kv_schemas::families;

use crate::house::{ADMIN, NOW, ask, ask_at, house, status_of, video, voice};

#[test]
fn dead_letters_are_listed_and_replayed_by_the_operator() {
    let store = house();
    assert_eq!(status_of(&video(&store, "lv_1", b"e1 c2")), (200, "accepted"), "the vendor need not send it again");
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "video", "c2"]).set(&store, &"lv_2".into()).unwrap();
    assert_eq!(status_of(&video(&store, "lv_1", b"e2 c2")), (200, "accepted"));
    assert_eq!(status_of(&voice(&store, b"unreadable")), (200, "accepted"));
    assert_eq!(status_of(&voice(&store, b"unreadable")), (200, "duplicate"));
    let list = |headers: &[(&str, &str)], query: &str| {
        ask(&store, Method::GET, &format!("/v1/webhooks/dead-letters{query}"), headers, b"")
    };
    let letters = list(ADMIN, "").1["dead_letters"].clone();
    let reasons: Vec<&str> = letters.as_array().unwrap().iter().map(|l| l["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["two words are expected", "the callback token is of another live session"]);
    assert!(letters.as_array().unwrap().iter().all(|letter| letter["attempts"] == 1), "{letters}");
    assert_eq!(list(ADMIN, "?limit=1").1["dead_letters"].as_array().unwrap().len(), 1);
    let page = list(ADMIN, "?limit=1&tenant=demo").1;
    assert_eq!((&page["dead_letters"][0], &page["next"]), (&letters[0], &serde_json::json!(2)));
    let page = list(ADMIN, "?limit=1&tenant=demo&before=2").1;
    assert_eq!((&page["dead_letters"][0], &page["next"]), (&letters[1], &serde_json::Value::Null));
    assert_eq!(list(ADMIN, "?tenant=other").1, serde_json::json!({"dead_letters": [], "next": null}));
    for query in ["?limit=0", "?limit=1001", "?limit=x", "?before=0", "?before=-1", "?before="] {
        assert_eq!(status_of(&list(ADMIN, query)), (400, "invalid_request"), "{query}");
    }
    assert_eq!(status_of(&list(&[], "")), (401, "unauthenticated"));
    assert_eq!(status_of(&list(&[("authorization", "Bearer wrong")], "")), (401, "unauthenticated"));
    assert_eq!(status_of(&list(&[("authorization", "Bearer tg_sk_1")], "")), (403, "admin_key_needed"));

    let replay = |headers: &[(&str, &str)], id: &str| {
        ask(&store, Method::POST, &format!("/v1/webhooks/events/{id}/replay"), headers, b"")
    };
    let id = letters[1]["id"].as_str().unwrap();
    assert_eq!(status_of(&replay(&[], id)), (401, "unauthenticated"));
    assert_eq!(status_of(&replay(ADMIN, "evt_unknown")), (404, "not_found"));
    assert_eq!(status_of(&replay(ADMIN, id)), (200, "failed"));
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "video", "c2"]).set(&store, &"lv_1".into()).unwrap();
    assert_eq!(status_of(&replay(ADMIN, id)), (200, "done"));
    assert_eq!(list(ADMIN, "").1["dead_letters"].as_array().unwrap().len(), 1);
}

#[test]
fn a_route_takes_only_its_method() {
    let store = house();
    let check = |method: Method, target: &str| assert_eq!(ask(&store, method, target, ADMIN, b"").0, 405, "{target}");
    check(Method::GET, "/v1/webhooks/generic/demo");
    check(Method::POST, "/v1/webhooks/dead-letters");
    check(Method::GET, "/v1/webhooks/events/evt_1/replay");
    check(Method::GET, "/v1/maintenance/webhooks");
}

#[test]
fn the_maintenance_retries_for_the_operator_alone() {
    let store = house();
    let maintain = |after: u64, headers: &[(&str, &str)]| {
        ask_at(&store, NOW.plus(after), Method::POST, "/v1/maintenance/webhooks", headers, b"")
    };
    assert_eq!(status_of(&maintain(0, &[])), (401, "unauthenticated"));
    assert_eq!(status_of(&maintain(0, &[("authorization", "Bearer tg_sk_1")])), (403, "admin_key_needed"));
    assert_eq!(status_of(&voice(&store, b"e1 c7")), (200, "accepted"));
    let counts =
        |body: &serde_json::Value| [&body["done"], &body["retrying"], &body["dead"]].map(|n| n.as_u64().unwrap());
    assert_eq!(counts(&maintain(4_000, ADMIN).1), [0, 0, 0]);
    assert_eq!(counts(&maintain(5_000, ADMIN).1), [0, 1, 0]);
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "voice", "c7"]).set(&store, &"lv_7".into()).unwrap();
    assert_eq!(counts(&maintain(40_000, ADMIN).1), [1, 0, 0]);
    assert!(store.keys().contains(&"live-report/lv_7".to_owned()));
}

/// Where nobody calls the maintenance, what waits is tried by deliveries that come.
#[test]
fn a_delivery_does_a_little_of_it_when_nobody_does() {
    let store = house();
    assert_eq!(status_of(&voice(&store, b"e1 c7")), (200, "accepted"));
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "voice", "c7"]).set(&store, &"lv_7".into()).unwrap();
    let token = vault::Vault::new(crate::house::MASTER).unwrap().token("callback/demo/video/lv_1");
    let target = format!("/v1/webhooks/video/demo?live=lv_1&token={token}");
    assert_eq!(status_of(&ask_at(&store, NOW.plus(20_000), Method::POST, &target, &[], b"e9 -")), (200, "accepted"));
    assert!(store.keys().contains(&"live-report/lv_7".to_owned()));
}
