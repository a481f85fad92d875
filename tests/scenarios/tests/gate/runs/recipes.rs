//! Recipes: kept, listed, changed, and refused with the name of what is wrong.

use scenarios::{Mocks, Value, json};

use super::{RUNS, begin, clip, clips, handed, scenes, tenant, until};

#[test]
fn run_1_a_project_is_kept_changed_listed_and_removed() {
    let tenant = tenant();
    let server = tenant.server();
    let body = json!({"title": "Film", "description": "Twelve clips", "steps": [clips()]});
    let made = server.put("/v1/projects/film", &body).expect(201);
    assert_eq!((&made["id"], &made["title"]), (&json!("film"), &json!("Film")), "{made}");
    assert_eq!(server.put("/v1/projects/film", &body).expect(200)["created_at"], made["created_at"]);
    server.put("/v1/projects/b-2", &json!({"steps": [clip("one", "x")]})).expect(201);
    let ids = |listed: &Value| -> Vec<String> {
        let all = listed["projects"].as_array().unwrap();
        all.iter().map(|project| project["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = server.get("/v1/projects?limit=1").expect(200);
    assert_eq!(ids(&first), ["film"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&server.get(&format!("/v1/projects?limit=5&cursor={cursor}")).expect(200)), ["b-2"]);
    assert_eq!(server.get("/v1/projects/film").expect(200)["steps"][0]["each"], "/input/scenes");
    let run = begin(&server, &json!({"project": "film", "input": scenes(2, "[[after:100]]")}));
    assert_eq!((&run["project"], &run["title"]), (&json!("film"), &json!("Film")), "{run}");
    // Its runs go on without it.
    server.delete("/v1/projects/film").expect(204);
    server.delete("/v1/projects/film").refused(404, "not_found");
    server.get("/v1/projects/film").refused(404, "not_found");
    assert_eq!(ids(&server.get("/v1/projects").expect(200)), ["b-2"]);
    until(&server, &run, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 2);
    let done = server.get("/v1/runs?status=done").expect(200);
    assert_eq!(done["runs"][0]["id"], run["id"], "{done}");
    assert_eq!(server.get("/v1/runs?status=failed").expect(200)["runs"], json!([]));
}

#[test]
fn run_1_a_bad_recipe_or_run_names_its_field_and_begins_nothing() {
    let tenant = tenant();
    let server = tenant.server();
    let one = clip("one", "x");
    let with = |patch: Value| {
        let mut step = clip("one", "x");
        scenarios::tenant::merge(&mut step, patch);
        json!({ "steps": [step] })
    };
    let check = |body: Value, param: &str| {
        for (method, route) in [("PUT", "/v1/projects/p1"), ("POST", RUNS)] {
            let refused = server.call(method, route).json(&body).send().refused(400, "invalid_request");
            assert_eq!(refused["param"], param, "{method} {body}: {refused}");
        }
    };
    check(json!({"steps": []}), "steps");
    check(json!({"steps": "all"}), "steps");
    check(json!({"steps": [5]}), "steps[0]");
    check(json!({"steps": [one, one]}), "steps[1].id");
    check(with(json!({"id": "A b"})), "steps[0].id");
    check(with(json!({"id": "x".repeat(65)})), "steps[0].id");
    check(with(json!({"kind": null})), "steps[0].kind");
    check(with(json!({"kind": 7})), "steps[0].kind");
    check(with(json!({"input": [1]})), "steps[0].input");
    check(with(json!({"input": {"prompt": {"$from": "/item/x"}}})), "steps[0].input");
    check(with(json!({"input": {"prompt": {"$from": "/steps/none/result"}}})), "steps[0].input");
    check(with(json!({"input": {"prompt": {"$from": "input/x"}}})), "steps[0].input");
    check(with(json!({"after": ["nobody"]})), "steps[0].after[0]");
    check(with(json!({"after": ["one"]})), "steps[0].after[0]");
    check(with(json!({"each": "/steps/one/result"})), "steps[0].each");
    check(with(json!({"surprise": 1})), "steps[0].surprise");
    check(with(json!({"optional": "yes"})), "steps[0].optional");
    check(json!({"steps": [{"id": "g", "gate": {}}]}), "steps[0].gate.title");
    check(json!({"steps": [{"id": "g", "gate": {"title": "Ok?", "expires_in_s": 5}}]}), "steps[0].gate.expires_in_s");
    let many: Vec<Value> = (0..101).map(|n| clip(&format!("s{n}"), "x")).collect();
    check(json!({ "steps": many }), "steps");
    let circle =
        [json!({"id": "a", "kind": "video", "after": ["b"]}), json!({"id": "b", "kind": "video", "after": ["a"]})];
    check(json!({ "steps": circle }), "steps[0].after[0]");
    let run = |body: Value, param: &str| {
        let refused = server.post(RUNS, &body).refused(400, "invalid_request");
        assert_eq!(refused["param"], param, "{body}: {refused}");
    };
    run(json!({}), "project");
    run(json!({"project": "none"}), "project");
    run(json!({"project": "a/b", "input": {}}), "project");
    run(json!({"project": "p", "steps": [one]}), "steps");
    run(json!({"steps": [one], "input": [1]}), "input");
    run(json!({"steps": [one], "more": 1}), "more");
    run(json!({"steps": [clips()], "input": {"scenes": "none"}}), "steps[0].each");
    for (method, route, body) in [
        ("POST", RUNS, "{"),
        ("POST", RUNS, ""),
        ("PUT", "/v1/projects/p1", "[]"),
        ("PUT", "/v1/projects/P%201", "{\"steps\":[]}"),
        ("GET", "/v1/runs?limit=0", ""),
        ("GET", "/v1/runs?status=odd", ""),
        ("GET", "/v1/runs?cursor=x", ""),
    ] {
        server.call(method, route).bytes("application/json", body).send().refused(400, "invalid_request");
    }
    for id in ["run_", "run_a.b", "nobody", "run_%2e%2e", "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        server.get(&format!("{RUNS}/{id}")).refused(404, "not_found");
    }
    assert_eq!(server.get(RUNS).expect(200)["runs"], json!([]));
    assert_eq!(server.get("/v1/projects").expect(200)["projects"], json!([]));
    Mocks::shared().assert_not_called(&tenant);
}
