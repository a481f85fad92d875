//! `Idempotency-Key`: the same key with the same content is the same answer; with other content it is a conflict.

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, json};

fn tenant(patch: Value) -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), patch)
}

fn post(caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
    caller.call("POST", path).header("idempotency-key", key).json(body).send()
}

#[test]
fn idempotency_a_repeated_check_is_the_first_permit() {
    let tenant = tenant(json!({}));
    let server = tenant.server();
    let first = post(&server, "/v1/preflight", "k-1", &seconds(30)).expect(200);
    let again = post(&server, "/v1/preflight", "k-1", &seconds(30)).expect(200);
    assert_eq!(first["limit_check_id"], again["limit_check_id"]);
    post(&server, "/v1/preflight", "k-1", &seconds(31)).refused(409, "conflict");
    let other = post(&server, "/v1/preflight", "k-2", &seconds(30)).expect(200);
    assert_ne!(first["limit_check_id"], other["limit_check_id"]);
    assert_eq!(Books(&server).money().held, 60_000_000, "two permits, not four");

    // It stays the first answer after it has been settled.
    let path = permit_path(first["limit_check_id"].as_str().unwrap());
    server.post(&format!("{path}/settle"), &json!({"units": 1, "unit_type": "seconds"})).expect(200);
    let again = post(&server, "/v1/preflight", "k-1", &seconds(30)).expect(200);
    assert_eq!(first["limit_check_id"], again["limit_check_id"]);

    // Keys are each caller's own.
    let stranger = self::tenant(json!({}));
    let foreign = post(&stranger.server(), "/v1/preflight", "k-1", &seconds(30)).expect(200);
    assert_ne!(first["limit_check_id"], foreign["limit_check_id"]);
}

#[test]
fn idempotency_a_denied_check_stays_denied() {
    let tenant = tenant(json!({"limits": {"monthly_cost_usd": "0.010"}}));
    let server = tenant.server();
    post(&server, "/v1/preflight", "k-1", &seconds(11)).refused(402, "hard_cap");
    Gate::shared()
        .admin()
        .patch(&format!("/v1/tenants/{}", tenant.id), &json!({"limits": {"monthly_cost_usd": "1.00"}}))
        .expect(200);
    post(&server, "/v1/preflight", "k-1", &seconds(11)).refused(402, "hard_cap");
    post(&server, "/v1/preflight", "k-1", &seconds(5)).refused(409, "conflict");
    post(&server, "/v1/preflight", "k-2", &seconds(11)).expect(200);
}

#[test]
fn idempotency_concurrent_repeats_reserve_once() {
    let tenant = tenant(json!({}));
    let server = tenant.server();
    for round in 0..5 {
        let key = format!("race-{round}");
        let answers = at_once(12, |_| post(&server, "/v1/preflight", &key, &seconds(10)));
        let mut ids: Vec<Value> =
            answers.iter().filter(|a| a.status == 200).map(|a| a.json()["limit_check_id"].clone()).collect();
        assert!(!ids.is_empty());
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.refused(409, "conflict");
        }
        assert_eq!(Books(&server).money().held, 10_000_000 * (round + 1));
    }
}

#[test]
fn idempotency_a_repeated_chat_calls_the_vendor_once() {
    let tenant = tenant(json!({}));
    let server = tenant.server();
    let first = post(&server, "/v1/chat/completions", "chat-1", &chat("Hello"));
    let answered = first.expect(200);
    let again = post(&server, "/v1/chat/completions", "chat-1", &chat("Hello"));
    assert_eq!(again.expect(200)["id"], answered["id"], "the first answer again");
    assert_eq!(again.limit_check_id(), first.limit_check_id());
    post(&server, "/v1/chat/completions", "chat-1", &chat("Something else")).refused(409, "conflict");
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1);
    let books = server;
    Books(&books).settled_money();
    assert_eq!(Books(&books).entries().len(), 1);
}

#[test]
fn idempotency_a_repeated_session_is_the_first_session() {
    let tenant = tenant(json!({}));
    let body = json!({"channel": "widget", "consent": true});
    let first = post(&tenant.visitor(), "/v1/sessions", "s-1", &body).expect(201);
    let again = post(&tenant.visitor(), "/v1/sessions", "s-1", &body).expect(201);
    assert_eq!(first["id"], again["id"]);
    let other = json!({"channel": "portal", "consent": true});
    post(&tenant.visitor(), "/v1/sessions", "s-1", &other).refused(409, "conflict");
}

#[test]
fn idempotency_a_repeated_video_start_starts_one_video() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    let body = json!({"persona": "p1"});
    let first = post(&page.caller, "/v1/video/sessions", "v-1", &body).expect(201);
    let again = post(&page.caller, "/v1/video/sessions", "v-1", &body).expect(201);
    assert_eq!(first["id"], again["id"]);
    page.end().expect(204);
    let starts = |call: &&Value| call["path"] == "/tavus/v2/conversations";
    assert_eq!(Mocks::shared().calls_of(&tenant).iter().filter(starts).count(), 1);
}

#[test]
fn idempotency_a_bad_key_is_named() {
    let server = tenant(json!({})).server();
    for key in ["", "with space", &"k".repeat(256)] {
        let error = post(&server, "/v1/preflight", key, &seconds(1)).refused(400, "invalid_request");
        assert_eq!(error["param"], "Idempotency-Key", "{key:?}: {error}");
    }
}
