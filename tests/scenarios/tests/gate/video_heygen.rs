//! ADP-1: HeyGen starts in two calls. The page gets the room's address and its token, and a start that breaks off half
//! way leaves nothing running and no money held.

use std::thread;
use std::time::Duration;

use scenarios::{Books, Mocks, Tenant, Value, eventually, json};

use crate::house::{self, HEYGEN_SECOND, assert_all_ended, live, settled};

const VIDEO: &str = "/v1/video/sessions";

fn tenant() -> Tenant {
    house::tenant(house::gate(), Mocks::shared(), "heygen", json!({}), json!({}))
}

fn names(call: &Value) -> Vec<&str> {
    call["header_names"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn adp_1_a_start_in_two_calls() {
    let tenant = tenant();
    let page = tenant.page();
    let started = page.caller.post(VIDEO, &json!({})).expect(201);
    assert_eq!(started["provider"], "heygen", "{started}");
    let (url, token) = (started["url"].as_str().unwrap(), started["token"].as_str().unwrap());
    assert!(url.starts_with("ws://127.0.0.1:") && !token.is_empty(), "{started}");
    assert_eq!(started["join_url"], format!("{url}?access_token={token}"), "{started}");
    assert_eq!(live(Mocks::shared(), &tenant), ["active"]);

    let calls = Mocks::shared().calls_of(&tenant);
    let paths: Vec<&str> = calls.iter().filter_map(|call| call["path"].as_str()).collect();
    assert_eq!(paths, ["/heygen/v1/sessions/token", "/heygen/v1/sessions/start"]);
    let (first, second) = (names(&calls[0]), names(&calls[1]));
    assert!(first.contains(&"x-api-key") && !first.contains(&"authorization"), "the tenant's key: {first:?}");
    assert!(second.contains(&"authorization") && !second.contains(&"x-api-key"), "the session's token: {second:?}");
    assert_eq!((&calls[0]["key_ok"], &calls[1]["key_ok"]), (&json!(true), &json!(true)));
    // What starts and stops it at the vendor stays with the gate.
    assert!(!started.to_string().contains(&house::key(&tenant)));

    let server = tenant.server();
    assert_eq!(Books(&server).money().held, 60 * HEYGEN_SECOND, "a begun minute is held");
    page.caller.delete(&format!("{VIDEO}/{}", started["id"].as_str().unwrap())).expect(204);
    assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(5));
    assert_eq!(settled(&server), 60 * HEYGEN_SECOND);
}

/// Which call goes wrong, how, and for how many seconds the tenant pays.
#[track_caller]
fn check(path: &str, fault: Value, seconds: i64) {
    let tenant = tenant();
    let mut named = fault.clone();
    named["path"] = json!(path);
    house::fault(Mocks::shared(), &tenant, named);
    let refused = tenant.page().caller.post(VIDEO, &json!({})).refused(502, "vendor_error");
    assert!(refused["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{path} {fault}: {refused}");
    let server = tenant.server();
    assert_eq!(settled(&server), seconds * HEYGEN_SECOND, "{path} {fault}");
    let running: Vec<String> = live(Mocks::shared(), &tenant).into_iter().filter(|status| status == "active").collect();
    assert!(running.is_empty(), "{path} {fault}: something is still running");
    if path.ends_with("start") {
        assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(5));
    }
}

#[test]
fn adp_1_a_second_call_that_fails_leaves_nothing_running() {
    const START: &str = "/sessions/start";
    // The vendor said no: nothing is paid, and what the first call made is ended.
    check(START, json!({"status": 500}), 0);
    check(START, json!({"status": 402}), 0);
    check(START, json!({"status": 403}), 0);
    check(START, json!({"refuse": 402}), 0);
    check(START, json!({"status": 500, "late": true}), 0);
    // Nobody knows whether it began: the begun minute is paid, and it is ended.
    check(START, json!({"garble": true}), 60);
    check(START, json!({"cut_after_bytes": 0}), 60);
    check(START, json!({"cut_after_bytes": 20}), 60);
}

#[test]
fn adp_1_a_first_call_that_fails_starts_nothing() {
    const TOKEN: &str = "/sessions/token";
    check(TOKEN, json!({"status": 500}), 0);
    check(TOKEN, json!({"status": 401}), 0);
    check(TOKEN, json!({"refuse": 402}), 0);
    check(TOKEN, json!({"garble": true}), 60);
}

#[test]
fn adp_1_an_end_that_fails_after_a_start_that_failed_is_tried_again() {
    let mocks = Mocks::start();
    let tenant = house::tenant(house::gate(), &mocks, "heygen", json!({}), json!({}));
    // The start, done all the same, and the first try to end it.
    mocks.fault("heygen", json!({"status": 500, "late": true, "path": "/sessions/s", "times": 2}));
    // The end is asked for again after ten seconds; meanwhile nothing is held.
    let page = tenant.page();
    page.caller.post(VIDEO, &json!({})).refused(502, "vendor_error");
    assert_all_ended(&mocks, &tenant, Duration::from_secs(25));
    assert_eq!(settled(&tenant.server()), 0);
}

#[test]
fn ses_6_a_session_that_ends_between_the_two_calls_leaves_nothing_running() {
    let tenant = tenant();
    // The first call has its answer at once; the second one's takes its time.
    house::fault(Mocks::shared(), &tenant, json!({"path": "/sessions/start", "delay_ms": 2_000}));
    let page = tenant.page();
    thread::scope(|scope| {
        let start = scope.spawn(|| page.caller.post(VIDEO, &json!({})));
        let called = || (!Mocks::shared().calls_of(&tenant).is_empty()).then_some(());
        eventually("the first call", Duration::from_secs(10), called);
        thread::sleep(Duration::from_millis(500));
        tenant.server().delete(&format!("/v1/sessions/{}", page.id)).expect(204);
        start.join().unwrap().refused(401, "unauthenticated");
    });
    assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(15));
    assert_eq!(settled(&tenant.server()), 60 * HEYGEN_SECOND, "a begun minute");
}

#[test]
fn adp_1_a_binding_without_a_context_is_refused_before_anything_is_held() {
    let mut tenant = house::tenant(house::gate(), Mocks::shared(), "heygen", json!({}), json!({}));
    tenant.bind(house::gate(), "heygen", Mocks::shared(), json!({"options": {"avatar_id": "avatar-1"}}));
    let refused = tenant.page().caller.post(VIDEO, &json!({})).refused(400, "invalid_request");
    assert_eq!(refused["param"], "options.context_id", "{refused}");
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(settled(&tenant.server()), 0);
}
