//! Whose a run is, and that asking twice begins one.

use scenarios::wait::at_once;
use scenarios::{Mocks, Value, json, unique};

use super::{RUNS, begin, clip, path, tenant};
use crate::house;

#[test]
fn run_1_nobody_else_sees_or_changes_a_run_or_a_project() {
    let (mine, other) = (tenant(), tenant());
    let server = mine.server();
    let project = json!({"title": "Mine", "steps": [clip("one", "[[stuck]]")]});
    server.put("/v1/projects/film", &project).expect(201);
    let run = begin(&server, &json!({"project": "film"}));
    let path = path(&run);
    let routes: [(&str, &str, String); 9] = [
        ("GET", "one", path.clone()),
        ("POST", "one", format!("{path}/continue")),
        ("POST", "one", format!("{path}/cancel")),
        ("GET", "one", "/v1/projects/film".into()),
        ("DELETE", "one", "/v1/projects/film".into()),
        ("GET", "list", RUNS.into()),
        ("GET", "list", "/v1/projects".into()),
        ("POST", "make", RUNS.into()),
        ("PUT", "make", "/v1/projects/film2".into()),
    ];
    let (page, strange, admin) = (mine.page().caller, house::gate().stranger(), house::gate().admin());
    for (method, what, route) in &routes {
        let ask = |caller: &scenarios::Caller| caller.call(method, route).json(&project).send();
        assert_eq!(ask(&page).refused(403, "forbidden")["code"], "secret_key_needed", "{method} {route}");
        ask(&strange).refused(401, "unauthenticated");
        ask(&admin).refused(403, "forbidden");
        match *what {
            "one" => drop(ask(&other.server()).refused(404, "not_found")),
            "list" => {
                let listed = ask(&other.server()).expect(200);
                assert!(listed["runs"].as_array().or(listed["projects"].as_array()).unwrap().is_empty(), "{listed}");
            }
            _ => {}
        }
    }
    // Its job is its own as well.
    let listed = server.get(RUNS).expect(200);
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(1), "{listed}");
    other.server().post(RUNS, &json!({"project": "film"})).refused(400, "invalid_request");
    for (method, route, allowed) in [
        ("DELETE", path.as_str(), "GET"),
        ("PUT", RUNS, "GET, POST"),
        ("POST", "/v1/projects", "GET"),
        ("POST", "/v1/projects/film", "GET, PUT, DELETE"),
        ("GET", "/v1/maintenance/runs", "POST"),
    ] {
        let answer = server.call(method, route).send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {route}");
    }
    server.post("/v1/maintenance/runs", &json!({})).refused(403, "forbidden");
    server.post(&format!("{path}/cancel"), &json!({})).expect(200);
}

#[test]
fn run_1_one_idempotency_key_begins_one_run() {
    let tenant = tenant();
    let server = tenant.server();
    let body = json!({"steps": [clip("one", "once [[after:100]]")]});
    let ask = |body: &Value, key: &str| server.call("POST", RUNS).header("idempotency-key", key).json(body).send();
    let key = unique("key-");
    let answers = at_once(6, |_| ask(&body, &key));
    let begun: Vec<Value> = answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.json()).collect();
    assert!(!begun.is_empty() && begun.iter().all(|run| run["id"] == begun[0]["id"]), "{begun:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.refused(409, "conflict")["code"], "in_progress");
    }
    let again = ask(&body, &key);
    assert_eq!(again.header("location"), Some(path(&begun[0]).as_str()));
    assert_eq!(again.expect(201)["id"], begun[0]["id"]);
    let refused = ask(&json!({"steps": [clip("two", "other")]}), &key).refused(409, "conflict");
    assert_eq!(refused["code"], "idempotency_key_reused");
    // A refusal leaves the key free.
    let free = unique("key-");
    ask(&json!({"steps": []}), &free).refused(400, "invalid_request");
    let second = ask(&json!({"steps": [clip("two", "[[stuck]]")]}), &free).expect(201);
    assert_ne!(second["id"], begun[0]["id"]);
    let listed = server.get(RUNS).expect(200);
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(2), "{listed}");
    super::until(&server, &begun[0], "done");
    let prompts = super::handed(Mocks::shared(), &tenant);
    assert_eq!(prompts.iter().filter(|prompt| prompt.starts_with("once")).count(), 1, "{prompts:?}");
    server.post(&format!("{}/cancel", path(&second)), &json!({})).expect(200);
}

#[test]
fn run_1_one_idempotency_key_continues_once() {
    let tenant = tenant();
    let server = tenant.server();
    let run = begin(&server, &json!({"steps": [clip("one", "[[stuck]]")]}));
    let go_on = format!("{}/continue", path(&run));
    let ask = |body: &Value, key: &str| server.call("POST", &go_on).header("idempotency-key", key).json(body).send();
    let (key, more) = (unique("key-"), json!({"steps": [clip("two", "[[stuck]]")]}));
    for _ in 0..2 {
        assert_eq!(ask(&more, &key).expect(200)["steps"].as_array().map(Vec::len), Some(2));
    }
    ask(&more, &unique("key-")).refused(400, "invalid_request");
    let other = json!({"steps": [clip("three", "[[stuck]]")]});
    assert_eq!(ask(&other, &key).refused(409, "conflict")["code"], "idempotency_key_reused");
    assert_eq!(server.get(&path(&run)).expect(200)["steps"].as_array().map(Vec::len), Some(2));
    server.post(&format!("{}/cancel", path(&run)), &json!({})).expect(200);
}
