//! LIM-2, LIM-6, LIM-10: a server that calls vendors itself reserves, settles and releases over HTTP.

use scenarios::amounts::SECOND;
use scenarios::tenant::{merge, permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, json, nanos};

fn tenant() -> Tenant {
    Tenant::new(Gate::shared(), json!({}))
}

#[track_caller]
fn reserve(caller: &Caller, units: u64) -> String {
    let permit = caller.post("/v1/preflight", &seconds(units)).expect(200);
    permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned()
}

fn settle(caller: &Caller, id: &str, units: u64) -> Answer {
    caller.post(&format!("{}/settle", permit_path(id)), &json!({"units": units, "unit_type": "seconds"}))
}

#[test]
fn lim_10_reserve_settle_and_the_books_agree() {
    let tenant = tenant();
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(30)).expect(200);
    assert_eq!(permit["decision"], "allow");
    assert!(permit["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{permit}");
    assert!(permit["expires_in_s"].as_u64().is_some_and(|left| left > 0), "{permit}");
    assert_eq!(nanos(&permit["remaining"]["cost_usd"]), 25_000 * SECOND - 30 * SECOND);
    let money = Books(&server).money();
    assert_eq!((money.settled, money.held, money.remaining), (0, 30 * SECOND, Some(24_970 * SECOND)));

    let id = permit["limit_check_id"].as_str().unwrap();
    assert_eq!(nanos(&settle(&server, id, 12).expect(200)["cost_amount"]), 12 * SECOND);
    let money = Books(&server).settled_money();
    assert_eq!((money.settled, money.held, money.remaining), (12 * SECOND, 0, Some(24_988 * SECOND)));
}

#[test]
fn lim_6_a_permit_is_resolved_exactly_once() {
    let tenant = tenant();
    let server = tenant.server();
    let settled = reserve(&server, 30);
    let first = settle(&server, &settled, 12).expect(200);
    // The same again is the same answer; anything else is a conflict.
    assert_eq!(settle(&server, &settled, 12).expect(200), first);
    settle(&server, &settled, 13).refused(409, "conflict");
    settle(&server, &settled, 0).refused(409, "conflict");
    server.delete(&permit_path(&settled)).refused(409, "conflict");

    let released = reserve(&server, 30);
    server.delete(&permit_path(&released)).expect(204);
    server.delete(&permit_path(&released)).expect(204);
    settle(&server, &released, 12).refused(409, "conflict");

    let money = Books(&server).settled_money();
    assert_eq!(money.settled, 12 * SECOND);
    assert_eq!(Books(&server).entries().len(), 1);
}

#[test]
fn lim_6_concurrent_settles_of_one_permit_charge_once() {
    let tenant = tenant();
    let server = tenant.server();
    for _ in 0..5 {
        let id = reserve(&server, 30);
        let answers = scenarios::wait::at_once(8, |number| settle(&server, &id, 1 + number as u64 % 2));
        let charged: Vec<Value> = answers.iter().filter(|a| a.status == 200).map(Answer::json).collect();
        assert!(!charged.is_empty());
        assert!(charged.iter().all(|one| one["cost_amount"] == charged[0]["cost_amount"]), "{charged:?}");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.refused(409, "conflict");
        }
        assert_eq!(Books(&server).cost(&id), nanos(&charged[0]["cost_amount"]));
    }
    assert_eq!(Books(&server).settled_money().held, 0);
    assert_eq!(Books(&server).entries().len(), 5);
}

#[test]
fn aud_3_usage_above_the_estimate_is_told_truly() {
    let tenant = tenant();
    let server = tenant.server();
    let id = reserve(&server, 10);
    assert_eq!(nanos(&settle(&server, &id, 11).expect(200)["cost_amount"]), 11 * SECOND);
    assert_eq!(Books(&server).entry(&id)["settlement"], "overrun");
    assert_eq!(Books(&server).settled_money().settled, 11 * SECOND);
    // Nothing used is a fine answer, and is written down too.
    let id = reserve(&server, 10);
    assert_eq!(nanos(&settle(&server, &id, 0).expect(200)["cost_amount"]), 0);
    assert_eq!(Books(&server).entry(&id)["units_consumed"], 0);
}

#[test]
fn lim_2_bad_estimates_name_the_field_and_hold_nothing() {
    let tenant = tenant();
    let server = tenant.server();
    let mut wrong = Vec::new();
    let mut check = |patch: Value, params: &[&str]| {
        let mut body = seconds(30);
        merge(&mut body, patch);
        let error = server.post("/v1/preflight", &body).refused(400, "invalid_request");
        if !params.contains(&error["param"].as_str().unwrap_or_default()) {
            wrong.push(format!("{body}: {} and not {params:?}", error["param"]));
        }
    };
    check(json!({"estimate": {"units": 0}}), &["estimate.units"]);
    check(json!({"estimate": {"units": -1}}), &["estimate.units"]);
    check(json!({"estimate": {"units": 1.5}}), &["estimate.units"]);
    check(json!({"estimate": {"units": "30"}}), &["estimate.units"]);
    check(json!({"estimate": {"units": u64::MAX}}), &["estimate.units"]);
    check(json!({"estimate": {"units": null}}), &["estimate.units"]);
    check(json!({"estimate": {"unit_type": "parsecs"}}), &["estimate.unit_type"]);
    check(json!({"estimate": {"unit_type": 7}}), &["estimate.unit_type"]);
    check(json!({"estimate": null}), &["estimate"]);
    check(json!({"capability": "telepathy"}), &["capability"]);
    check(json!({"capability": null}), &["capability"]);
    // No price for this: refused, never free.
    check(json!({"provider": "nobody"}), &["provider", "model"]);
    check(json!({"estimate": {"unit_type": "credits"}}), &["provider", "model"]);
    check(json!({"provider": "../tenant"}), &["provider", "model"]);
    for body in ["", "{", "[]", "null", "7"] {
        let answer = server.call("POST", "/v1/preflight").bytes("application/json", body).send();
        answer.refused(400, "invalid_request");
    }
    let money = Books(&server).money();
    assert_eq!((money.settled, money.held), (0, 0));

    let id = reserve(&server, 10);
    for (usage, param) in [
        (json!({"units": -1, "unit_type": "seconds"}), "units"),
        (json!({"units": 1.5, "unit_type": "seconds"}), "units"),
        (json!({"unit_type": "seconds"}), "units"),
        (json!({"units": 5, "unit_type": "characters"}), "unit_type"),
        (json!({"units": 5, "unit_type": "parsecs"}), "unit_type"),
        (json!({"units": 5}), "unit_type"),
    ] {
        let error = server.post(&format!("{}/settle", permit_path(&id)), &usage).refused(400, "invalid_request");
        if error["param"] != param {
            wrong.push(format!("{usage}: {} and not {param}", error["param"]));
        }
    }
    assert_eq!(Books(&server).money().held, 10 * SECOND, "still held");
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");
}

#[test]
fn lim_2_unknown_permits_are_not_found() {
    let server = tenant().server();
    for id in ["lc_none", "lc_01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "lc_..%2F..%2Ftenant"] {
        settle(&server, id, 1).refused(404, "not_found");
        server.delete(&permit_path(id)).refused(404, "not_found");
    }
}

#[test]
fn lim_2_a_page_checks_for_its_own_session_only() {
    let tenant = tenant();
    let (page, other) = (tenant.page(), tenant.page());
    let id = reserve(&page.caller, 5);
    let answer = settle(&other.caller, &id, 1);
    assert!(matches!(answer.status, 403 | 404), "{}", answer.text());
    assert_eq!(nanos(&settle(&page.caller, &id, 3).expect(200)["cost_amount"]), 3 * SECOND);
    assert_eq!(Books(&tenant.server()).entry(&id)["session_id"], page.id.as_str());
    let mut body = seconds(5);
    merge(&mut body, json!({"session_id": other.id}));
    let answer = page.caller.post("/v1/preflight", &body);
    assert!(matches!(answer.status, 403 | 404), "{}", answer.text());
    // The server may name any of its tenant's sessions.
    let permit = tenant.server().post("/v1/preflight", &body).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap();
    settle(&tenant.server(), id, 1).expect(200);
    let entry = Books(&tenant.server()).entry(id);
    assert_eq!((&entry["session_id"], &entry["channel"]), (&json!(other.id), &json!("widget")));
}

#[test]
fn lim_6_a_permit_that_nobody_resolves_is_charged_in_full() {
    let tenant = tenant();
    let server = tenant.server();
    let mut body = seconds(7);
    merge(&mut body, json!({"hold_s": 2}));
    let permit = server.post("/v1/preflight", &body).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap();
    let entry = Books(&server).entry(id);
    assert_eq!((&entry["units_consumed"], &entry["settlement"]), (&json!(7), &json!("full")), "{entry}");
    assert_eq!(Books(&server).settled_money().settled, 7 * SECOND);
    settle(&server, id, 1).refused(409, "conflict");
}

/// What the gate meters itself is nobody else's to resolve: not while it runs, and not after.
#[test]
fn lim_6_a_page_can_neither_release_nor_settle_the_gates_own_permit() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let page = tenant.page();
    let started = page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    let id = started["limit_check_id"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
    for caller in [&page.caller, &tenant.server()] {
        caller.delete(&permit_path(&id)).refused(403, "forbidden");
        settle(caller, &id, 0).refused(403, "forbidden");
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    let video = started["id"].as_str().unwrap_or_else(|| panic!("{started}"));
    page.caller.delete(&format!("/v1/video/sessions/{video}")).expect(204);
    let server = tenant.server();
    assert!(Books(&server).settled_money().settled >= SECOND, "the second it ran is paid");
    assert_eq!(Books(&server).entries().len(), 1);
}

/// A page holds no vendor's key, so it can't have used more than it was given.
#[test]
fn lim_6_a_page_settles_what_it_reserved_at_most() {
    let tenant = tenant();
    let page = tenant.page();
    let id = reserve(&page.caller, 5);
    settle(&page.caller, &id, 1_000_000).refused(400, "invalid_request");
    settle(&page.caller, &id, 5).expect(200);
    assert_eq!(Books(&tenant.server()).settled_money().settled, 5 * SECOND);
}
