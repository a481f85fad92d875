//! Who sees what, and what is answered to bad input.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use audit::{Entry, VERSION, append, sequence};
use audit_append::routes::route;
use calendar::Millis;
use futures::executor::block_on;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::BodyExt;
use kv_schemas::memory::Memory;
use money::Nanos;
use serde_json::Value as Json;
use shell::{Call, Reply};
use tenancy::{KeyKind, KeyRecord, hash_key};

const NOW: Millis = Millis(1_795_165_200_000);
const ADMIN: &str = "Bearer admin-secret";
const OWN: &str = "Bearer tg_sk_a";

fn house() -> Memory {
    let store = Memory::default();
    for (key, tenant, kind, revoked_at) in [
        ("tg_sk_a", "a", KeyKind::Secret, None),
        ("tg_sk_old", "a", KeyKind::Secret, Some(NOW.0)),
        ("tg_pk_a", "a", KeyKind::Publishable, None),
        ("tg_sk_odd", "a", KeyKind::Publishable, None),
    ] {
        let record = KeyRecord { id: "key_1".into(), tenant: tenant.into(), kind, revoked_at };
        hash_key(key).set(&store, &record).unwrap();
    }
    for n in 0..4_u64 {
        append(&store, &entry(n)).unwrap();
    }
    sequence(&store, NOW, 3).unwrap();
    store
}

fn entry(n: u64) -> Entry {
    Entry {
        v: VERSION,
        tenant_id: if n.is_multiple_of(2) { "a".into() } else { "b".into() },
        company: "acme".into(),
        event_type: "TWIN_INTERACTION".into(),
        provider: "tavus".into(),
        model: String::new(),
        units_consumed: 30,
        unit_type: "seconds".into(),
        cost_nanos: Nanos(45_000_000),
        limit_check_id: format!("lc_{n}"),
        session_id: None,
        request_id: "req_1".into(),
        channel: "widget".into(),
        capability: "video".into(),
        settlement: "exact".into(),
        at_ms: NOW.plus(n * 1_000),
    }
}

struct Answer {
    status: u16,
    allow: Option<String>,
    next: Option<String>,
    text: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap()
    }

    fn ids(&self) -> String {
        let json = self.json();
        let ids = json["entries"].as_array().unwrap().iter().map(|entry| entry["limit_check_id"].as_str().unwrap());
        ids.collect::<Vec<_>>().join(" ")
    }
}

fn ask_as(store: &Memory, method: Method, target: &str, headers: &[(&'static str, &str)]) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let call = Call {
        method,
        path: path.into(),
        query: query.into(),
        headers: map,
        body: bytes::Bytes::new(),
        request_id: "req_1".into(),
    };
    let reply = route(&call, store.clone(), "admin-secret", NOW).unwrap_or_else(|p| Reply::problem(&p, "req_1"));
    let header = |name: &str| reply.0.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (next, allow) = (header("x-next-cursor"), header("allow"));
    let status = reply.0.status().as_u16();
    let body = block_on(reply.0.into_body().collect()).unwrap().to_bytes();
    Answer { status, allow, next, text: String::from_utf8(body.to_vec()).unwrap() }
}

fn get(store: &Memory, authorization: &str, target: &str) -> Answer {
    ask_as(store, Method::GET, target, &[("authorization", authorization)])
}

#[test]
fn the_operator_sees_all_and_a_server_its_own() {
    let store = house();
    let check = |who: &str, target: &str, ids: &str| assert_eq!(get(&store, who, target).ids(), ids, "{who} {target}");
    check(ADMIN, "/v1/audit/entries", "lc_0 lc_1 lc_2 lc_3");
    check(ADMIN, "/v1/audit/entries?tenant=b", "lc_1 lc_3");
    check(ADMIN, "/v1/audit/entries?tenant=nobody", "");
    check(OWN, "/v1/audit/entries", "lc_0 lc_2");
    check(OWN, "/v1/audit/entries?tenant=a", "lc_0 lc_2");
    check(ADMIN, "/v1/audit/entries?from=2026-11-20T09:00:01Z&to=2026-11-20T09:00:03Z", "lc_1 lc_2");
    check(ADMIN, "/v1/audit/entries?from=2026-11-20", "lc_0 lc_1 lc_2 lc_3");
    check(ADMIN, "/v1/audit/entries?to=2026-11-20", "");
}

#[test]
fn an_entry_has_the_documented_shape() {
    let store = house();
    let answer = get(&store, OWN, "/v1/audit/entries/lc_2");
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (
            200,
            r#"{"tenant_id":"a","event_type":"TWIN_INTERACTION","provider":"tavus","units_consumed":30,"unit_type":"seconds","cost_currency":"USD","cost_amount":0.045,"limit_check_id":"lc_2","v":1,"seq":2,"at":"2026-11-20T09:00:02.000Z","session_id":null,"request_id":"req_1","channel":"widget","model":"","capability":"video","cost_nanos":45000000,"settlement":"exact"}"#
        )
    );
    assert!(get(&store, ADMIN, "/v1/audit/entries/lc_3").json()["seq"].is_null(), "staged, and shown");
}

#[test]
fn what_is_refused() {
    let store = house();
    let list = "/v1/audit/entries";
    let check = |who: &str, target: &str, status: u16, code: &str, param: Option<&str>| {
        let answer = get(&store, who, target);
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, error["code"].as_str(), error["param"].as_str()),
            (status, Some(code), param),
            "{target}"
        );
    };
    for who in ["", "Bearer ", "Basic x", "Bearer wrong", "Bearer tg_sk_b", "Bearer tg_sk_old", "Bearer tg_sk_odd"] {
        check(who, list, 401, "unauthenticated", None);
        check(who, "/v1/audit/entries/lc_0", 401, "unauthenticated", None);
    }
    for who in ["Bearer tg_pk_a", "Bearer tgs_ses_1.x"] {
        check(who, list, 403, "secret_key_needed", None);
        check(who, "/v1/audit/entries/lc_0", 403, "secret_key_needed", None);
    }
    check(OWN, "/v1/audit/entries?tenant=b", 403, "wrong_tenant", Some("tenant"));
    check(OWN, "/v1/audit/entries/lc_1", 404, "not_found", None);
    check(OWN, "/v1/audit/entries/lc_9", 404, "not_found", None);
    for target in
        ["/v1/audit", "/v1/audit/", "/v1/audit/nothing", "/v1/audit/entries/lc_0/x", "/v1/audit/log/checkpoint"]
    {
        check(ADMIN, target, 404, "not_found", None);
    }
    for (param, values) in [
        ("limit", ["0", "1001", "-1", "ten", "", "+5", "1.5", "99999999999999999999"].as_slice()),
        ("from", ["yesterday", "", "2026-13-01", "2026-11-20T25:00:00Z", "1795165200"].as_slice()),
        ("to", ["yesterday", "2026-02-30"].as_slice()),
        ("cursor", ["", "a", "t1", "17", "a-1", "a1 ", "a99999999999999999999", "%00"].as_slice()),
    ] {
        for value in values {
            check(ADMIN, &format!("{list}?{param}={value}"), 400, "invalid_request", Some(param));
        }
    }
    check(ADMIN, "/v1/audit/entries?from=2026-11-21&to=2026-11-20", 400, "invalid_request", Some("to"));
    check(OWN, "/v1/audit/entries?cursor=a1", 400, "invalid_request", Some("cursor"));
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = ask_as(&store, method, list, &[("authorization", ADMIN)]);
        assert_eq!((answer.status, answer.allow.as_deref()), (405, Some("GET")));
    }
    store.fail_after(0);
    check(ADMIN, list, 503, "offline", None);
    check(OWN, "/v1/audit/entries/lc_0", 503, "offline", None);
}

#[test]
fn pages_follow_one_another() {
    let store = house();
    let (mut ids, mut target) = (Vec::new(), "/v1/audit/entries?limit=1".to_owned());
    loop {
        let answer = get(&store, ADMIN, &target);
        ids.push(answer.ids());
        assert_eq!(answer.json()["next_cursor"].as_str(), answer.next.as_deref());
        match answer.next {
            Some(cursor) => target = format!("/v1/audit/entries?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(ids, ["lc_0", "lc_1", "lc_2", "lc_3"]);
}

#[test]
fn lines_are_streamed_to_the_end() {
    let store = house();
    for n in 4..700 {
        append(&store, &entry(n)).unwrap();
    }
    let lines = |target: &str, accept: &str| {
        let headers = [("authorization", ADMIN), ("accept", accept)];
        let answer = ask_as(&store, Method::GET, target, &headers);
        let ids = answer.text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["limit_check_id"].clone());
        (ids.map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>(), answer.next)
    };
    let all: Vec<String> = (0..700).map(|n| format!("lc_{n}")).collect();
    assert_eq!(lines("/v1/audit/entries", "application/x-ndjson"), (all.clone(), None));
    assert_eq!(lines("/v1/audit/entries", "text/html, application/x-ndjson;q=0.9").0, all);
    assert_eq!(lines("/v1/audit/entries?cursor=a690", "application/x-ndjson").0, all.get(690..).unwrap());
    let page = lines("/v1/audit/entries?limit=2", "application/x-ndjson");
    assert_eq!(page, (all.get(..2).unwrap().to_vec(), Some("a2".into())));
    // Few matches among many: still to the end.
    let late = lines("/v1/audit/entries?from=2026-11-20T09:11:38Z", "application/x-ndjson").0;
    assert_eq!(late, ["lc_698", "lc_699"]);
    assert_eq!(lines("/v1/audit/entries?tenant=b", "application/x-ndjson").0.len(), 350);
}
