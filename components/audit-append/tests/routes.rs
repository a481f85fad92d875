//! Who sees what, and what is answered to bad input.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use std::collections::BTreeSet;

use audit::{Entry, Staged, append};
use common::{ADMIN, OWN, ask_as, entry, get, house, staged};
use http::Method;
use serde_json::Value as Json;

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
        (answer.status, answer.text()),
        (
            200,
            r#"{"tenant_id":"a","event_type":"TWIN_INTERACTION","provider":"tavus","units_consumed":30,"unit_type":"seconds","cost_currency":"USD","cost_amount":0.045,"limit_check_id":"lc_2","v":2,"seq":2,"at":"2026-11-20T09:00:02.000Z","session_id":null,"request_id":"req_1","channel":"widget","model":"","capability":"video","cost_nanos":45000000,"settlement":"exact","company":"acme","details":{},"salt":"07070707070707070707070707070707","personal":{"digest":"ac8a04a9063f0b69a2e7737cd619c936bb6d365ad4e40e5bb50bb22e420ac29b","salt":"08080808080808080808080808080808"}}"#
        )
    );
    assert!(get(&store, ADMIN, "/v1/audit/entries/lc_3").json()["seq"].is_null(), "staged, and shown");
    let document: Json = serde_json::from_str(include_str!("../../twin-registry/openapi.json")).unwrap();
    let names = |value: &Json| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let schema = &document["components"]["schemas"]["AuditEntry"]["properties"];
    assert_eq!(names(schema), names(&answer.json()));
    assert_eq!(names(&schema["personal"]["properties"]), names(&answer.json()["personal"]));
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
    for target in ["/v1/audit", "/v1/audit/", "/v1/audit/nothing", "/v1/audit/entries/lc_0/x", "/v1/audit/log"] {
        check(ADMIN, target, 404, "not_found", None);
    }
    for (param, values) in [
        ("limit", ["0", "1001", "-1", "ten", "", "+5", "1.5", "99999999999999999999"].as_slice()),
        ("from", ["yesterday", "", "2026-13-01", "2026-11-20T25:00:00Z", "1795165200"].as_slice()),
        ("to", ["yesterday", "2026-02-30"].as_slice()),
        ("kind", ["", "Money", "money ", "everything", "a"].as_slice()),
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
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
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
        assert_eq!(answer.json()["next_cursor"].as_str(), answer.header("x-next-cursor"));
        match answer.header("x-next-cursor") {
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
        append(&store, &staged(n)).unwrap();
    }
    let lines = |target: &str, accept: &str| {
        let headers = [("authorization", ADMIN), ("accept", accept)];
        let answer = ask_as(&store, Method::GET, target, &headers);
        let ids =
            answer.text().lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["limit_check_id"].clone());
        (
            ids.map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            answer.header("x-next-cursor").map(str::to_owned),
        )
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

#[test]
fn lines_say_how_many_positions_there_are() {
    let store = house();
    let check = |target: &str, accept: &str, lines: usize, total: Option<&str>| {
        let answer = ask_as(&store, Method::GET, target, &[("authorization", ADMIN), ("accept", accept)]);
        assert_eq!((answer.text().lines().count(), answer.header("x-total-count")), (lines, total), "{target}");
    };
    check("/v1/audit/entries", "application/x-ndjson", 4, Some("4"));
    check("/v1/audit/entries?cursor=a3", "application/x-ndjson", 1, Some("4"));
    check("/v1/audit/entries?limit=2", "application/x-ndjson", 2, Some("4"));
    check("/v1/audit/entries?tenant=b", "application/x-ndjson", 2, Some("2"));
    check("/v1/audit/entries?from=2026-11-20T09:00:03Z", "application/x-ndjson", 1, Some("4"));
    check("/v1/audit/entries?kind=admin", "application/x-ndjson", 0, Some("4"));
    check("/v1/audit/entries", "application/json", 1, None);
}

#[test]
fn a_tenants_list_is_money_unless_it_says_otherwise() {
    let store = house();
    for (n, event) in [(4, "SESSION_STARTED"), (5, "SESSION_STARTED"), (6, "KEY_CREATED"), (8, "CORRECTION")] {
        append(&store, &Staged::from(Entry { event_type: event.into(), ..entry(n) })).unwrap();
    }
    let check = |who: &str, query: &str, ids: &str| {
        let target = format!("/v1/audit/entries?{query}");
        assert_eq!(get(&store, who, &target).ids(), ids, "{who} {query}");
        let headers = [("authorization", who), ("accept", "application/x-ndjson")];
        let lines = ask_as(&store, Method::GET, &target, &headers);
        let lines = lines.text().lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let lines = lines.map(|line| line["limit_check_id"].as_str().unwrap().to_owned());
        assert_eq!(lines.collect::<Vec<_>>().join(" "), ids, "{who} {query}");
    };
    check(OWN, "", "lc_0 lc_2 lc_8");
    check(OWN, "kind=money", "lc_0 lc_2 lc_8");
    check(OWN, "kind=session", "lc_4");
    check(OWN, "kind=admin", "lc_6");
    check(OWN, "kind=all", "lc_0 lc_2 lc_4 lc_6 lc_8");
    check(ADMIN, "", "lc_0 lc_1 lc_2 lc_3 lc_4 lc_5 lc_6 lc_8");
    check(ADMIN, "kind=money", "lc_0 lc_1 lc_2 lc_3 lc_8");
    check(ADMIN, "kind=session", "lc_4 lc_5");
    check(ADMIN, "tenant=b", "lc_1 lc_3");
    check(ADMIN, "tenant=b&kind=all", "lc_1 lc_3 lc_5");
}

#[test]
fn head_is_get_without_the_body() {
    let store = house();
    for target in ["/v1/audit/entries", "/v1/audit/entries/lc_0", "/v1/audit/entries/lc_0/proof"] {
        for accept in ["application/json", "application/x-ndjson"] {
            let headers = [("authorization", ADMIN), ("accept", accept)];
            let [get, head] = [Method::GET, Method::HEAD].map(|method| ask_as(&store, method, target, &headers));
            assert_eq!((get.status, head.status), (200, 200), "{target}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{target}");
            assert_eq!(get.header("x-total-count"), head.header("x-total-count"), "{target}");
            assert!(head.body.is_empty() && !get.body.is_empty(), "{target}");
        }
    }
}
