//! TWN-1: a twin from its making to its end, over HTTP: who may, what is refused, what the log and the feed tell of it.

use std::time::Duration;

use scenarios::tenant::merge;
use scenarios::{Answer, Caller, Gate, Tenant, Value, eventually, json, unique};

/// A consent to a twin; the person's name is one of a kind.
pub fn consent() -> Value {
    json!({"subject": unique("Person "), "purpose": "To host the shop", "given_at": "2026-01-02T03:04:05Z",
        "evidence_sha256": "ab".repeat(32)})
}

/// What makes a twin; `patch` changes it, object by object.
pub fn twin(patch: Value) -> Value {
    let mut body = json!({"name": "Meta Travis", "behavior_mode": "host", "avatar_type": "3D", "consent": consent()});
    merge(&mut body, patch);
    body
}

/// A tenant's twin, made by its own server.
#[track_caller]
pub fn made(tenant: &Tenant, patch: Value) -> Value {
    tenant.server().post("/v1/twins", &twin(patch)).expect(201)
}

/// The same, and deployed: pages may open sessions.
#[track_caller]
pub fn deployed(tenant: &Tenant, patch: Value) -> Value {
    made(tenant, patch);
    tenant.server().post(&path(tenant, "/deploy"), &json!({"environment": "production"})).expect(200)
}

/// A path below a tenant's twin.
pub fn path(tenant: &Tenant, below: &str) -> String {
    format!("/v1/twins/{}{below}", tenant.id)
}

/// Entries of the log about a tenant's twin, oldest first.
#[track_caller]
pub fn logged(tenant: &Tenant) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = tenant.server().get(&format!("/v1/audit/entries?kind=all&limit=100{cursor}")).expect(200);
        found.extend(page["entries"].as_array().expect("entries").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn types(tenant: &Tenant) -> Vec<String> {
    let of_twins = |entry: &Value| entry["event_type"].as_str().filter(|kind| is_of_twins(kind)).map(str::to_owned);
    logged(tenant).iter().filter_map(of_twins).collect()
}

fn is_of_twins(kind: &str) -> bool {
    kind.starts_with("TWIN_") && kind != "TWIN_INTERACTION" || kind.starts_with("CONSENT_")
}

/// What the tenant's feed tells of its twin, by type.
fn told(tenant: &Tenant) -> Vec<String> {
    let feed = tenant.server().get("/v1/events?limit=100").expect(200);
    let events = feed["events"].as_array().expect("events").iter();
    let kinds = events.filter_map(|event| event["type"].as_str());
    kinds.filter(|kind| kind.starts_with("twin.") || kind.starts_with("consent.")).map(str::to_owned).collect()
}

fn encoded(id: &Value) -> String {
    id.as_str().expect("an id").replace('#', "%23")
}

#[test]
fn twn_1_a_twin_from_its_making_to_its_end() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let server = tenant.server();
    let mut body = twin(json!({"emotion": 8, "instructions": "Speak of hemp.", "mesh": {"share": true}}));
    body["voice"] = json!({"provider": "elevenlabs", "voice_id": "v1"});
    let made = server.post("/v1/twins", &body).expect(201);
    let id = made["id"].as_str().expect("an id");
    assert!(id.strip_prefix("MTID#").is_some_and(|code| code.len() == 14), "{id}");
    let expected = json!({
        "id": id, "tenant_id": tenant.id, "company": tenant.company, "name": "Meta Travis", "behavior_mode": "host",
        "avatar_type": "3d", "emotion": 8, "instructions": "Speak of hemp.",
        "voice": {"provider": "elevenlabs", "voice_id": "v1"}, "video_persona": null, "status": "created",
        "environment": null, "training": {"status": "pending", "job_id": null, "voice_id": null, "error": null},
        "links": [], "mesh": {"share": true, "learn": false}, "licence": null, "consents": 1,
        "created_at": made["created_at"], "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    let document = server.get("/v1/openapi.json").expect(200);
    let documented = &document["components"]["schemas"]["Twin"]["required"];
    assert_eq!(json!(made.as_object().expect("an object").keys().collect::<Vec<_>>()), *documented);
    // By whichever of its names.
    for name in [encoded(&made["id"]), id[5..].to_owned(), id[5..].to_lowercase(), tenant.id.clone()] {
        assert_eq!(server.get(&format!("/v1/twins/{name}")).expect(200), made, "{name}");
    }
    assert_eq!(server.get("/v1/twins").expect(200), json!({"twins": [made], "next_cursor": null}));
    let of_tenant = server.get(&format!("/v1/tenants/{}", tenant.id)).expect(200);
    assert_eq!((&of_tenant["twin"]["id"], &of_tenant["twin"]["pages"]), (&made["id"], &json!(false)));

    let patched =
        server.patch(&path(&tenant, ""), &json!({"behavior_mode": "Fitness Coach", "voice": null})).expect(200);
    assert_eq!(
        (&patched["behavior_mode"], &patched["voice"], &patched["emotion"]),
        (&json!("coach"), &json!(null), &json!(8))
    );
    let deployed = server.post(&path(&tenant, "/deploy"), &json!({"environment": "production"})).expect(200);
    assert_eq!((&deployed["status"], &deployed["environment"]), (&json!("deployed"), &json!("production")));
    tenant.page();
    server.delete(&path(&tenant, "/deploy")).expect(204);
    assert_eq!(tenant.open_session(&session()).refused(403, "forbidden")["code"], "twin_not_deployed");
    let own = server.post("/v1/sessions", &session()).expect(201);
    let own = tenant.visitor().with_bearer(own["token"].as_str().expect("a token"));

    for _ in 0..2 {
        server.delete(&path(&tenant, "")).expect(204);
    }
    let retired = server.get(&path(&tenant, "")).expect(200);
    assert_eq!((&retired["status"], &retired["environment"]), (&json!("retired"), &json!(null)));
    for opened in [tenant.open_session(&session()), server.post("/v1/sessions", &session())] {
        assert_eq!(opened.refused(403, "forbidden")["code"], "twin_retired");
    }
    assert_eq!(own.get("/v1/models").refused(401, "unauthenticated")["code"], "session_revoked");
    for (method, below, body) in [
        ("PATCH", "", json!({"emotion": 1})),
        ("POST", "/deploy", json!({"environment": "staging"})),
        ("POST", "/links", json!({"module": "shop", "mode": "host"})),
        ("POST", "/consents", consent()),
    ] {
        let answer = server.call(method, &path(&tenant, below)).json(&body).send();
        assert_eq!(answer.refused(409, "conflict")["code"], "twin_retired", "{method} {below}");
    }
    assert_eq!(server.post("/v1/twins", &twin(json!({}))).refused(409, "conflict")["code"], "twin_exists");

    let all = ["CONSENT_GIVEN", "TWIN_CREATED", "TWIN_CHANGED", "TWIN_DEPLOYED", "TWIN_DEPLOYED", "TWIN_RETIRED"];
    assert_eq!(types(&tenant), all);
    assert_eq!(told(&tenant), ["twin.created", "twin.deployed", "twin.retired"]);
}

fn session() -> Value {
    json!({"channel": "widget", "consent": true})
}

#[test]
fn twn_1_what_is_wrong_is_named() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let server = tenant.server();
    let check = |patch: Value, param: &str| {
        let refused = server.post("/v1/twins", &twin(patch.clone())).refused(400, "invalid_request");
        assert_eq!(refused["param"], param, "{patch}");
    };
    check(json!({"name": ""}), "name");
    check(json!({"behavior_mode": "villain"}), "behavior_mode");
    check(json!({"avatar_type": "4d"}), "avatar_type");
    check(json!({"emotion": 11}), "emotion");
    check(json!({"emotion": 0}), "emotion");
    check(json!({"instructions": "x".repeat(4_001)}), "instructions");
    check(json!({"voice": {"provider": "elevenlabs"}}), "voice.voice_id");
    check(json!({"mesh": {"gossip": true}}), "mesh.gossip");
    check(json!({"consent": {"evidence_sha256": "ab"}}), "consent.evidence_sha256");
    check(json!({"consent": {"given_at": "2999-01-01T00:00:00Z"}}), "consent.given_at");
    check(json!({"colour": "red"}), "colour");
    server.get(&path(&tenant, "")).refused(404, "not_found");
    made(&tenant, json!({}));
    for (patch, param) in
        [(json!({"name": null}), "name"), (json!({"id": "x"}), "id"), (json!({"consent": {}}), "consent")]
    {
        assert_eq!(server.patch(&path(&tenant, ""), &patch).refused(400, "invalid_request")["param"], param);
    }
    let refused =
        server.post(&path(&tenant, "/deploy"), &json!({"environment": "moon"})).refused(400, "invalid_request");
    assert_eq!(refused["param"], "environment");
    assert_eq!(
        server.call("PUT", &path(&tenant, "")).json(&json!({})).send().refused(405, "method_not_allowed")["code"],
        "method_not_allowed"
    );
    server.get(&path(&tenant, "/children")).refused(404, "not_found");
    // Nobody changes the gate's part of it by the tenant's own record.
    let admin = Gate::shared().admin();
    let record = format!("/v1/tenants/{}", tenant.id);
    assert_eq!(admin.patch(&record, &json!({"twin": null})).refused(400, "invalid_request")["param"], "twin");
    admin.patch(&record, &json!({"display_name": "Other"})).expect(200);
    assert!(admin.get(&record).expect(200)["twin"]["id"].is_string());
}

#[test]
fn twn_1_a_twin_is_its_tenants_own() {
    let gate = Gate::shared();
    let (ours, theirs) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    let twin_of_theirs = made(&theirs, json!({}));
    let names = [theirs.id.clone(), encoded(&twin_of_theirs["id"])];
    for name in &names {
        for (method, below, body) in [
            ("GET", "", None),
            ("PATCH", "", Some(json!({"emotion": 1}))),
            ("DELETE", "", None),
            ("GET", "/links", None),
            ("POST", "/links", Some(json!({"module": "shop", "mode": "host"}))),
            ("POST", "/deploy", Some(json!({"environment": "production"}))),
            ("GET", "/consents", None),
            ("POST", "/consents", Some(consent())),
            ("DELETE", "/consents/con_1", None),
            ("GET", "/licence", None),
            ("GET", "/royalties/2026-11", None),
        ] {
            let call = ours.server().call(method, &format!("/v1/twins/{name}{below}"));
            let answer = body.iter().fold(call, |call, body| call.json(body)).send();
            assert_eq!(answer.refused(403, "forbidden")["code"], "wrong_tenant", "{method} {below}");
        }
    }
    let for_theirs = twin(json!({"tenant": theirs.id}));
    assert_eq!(ours.server().post("/v1/twins", &for_theirs).refused(403, "forbidden")["code"], "wrong_tenant");
    for who in [gate.stranger(), ours.visitor(), gate.admin().with_bearer("wrong")] {
        who.get(&format!("/v1/twins/{}", names[0])).refused(401, "unauthenticated");
        who.post("/v1/twins", &twin(json!({}))).refused(401, "unauthenticated");
    }
    ours.server().get("/v1/twins/MTID%230000-0000-0000").refused(404, "not_found");
    // The operator sees and makes everybody's, and says whose.
    let admin = gate.admin();
    assert_eq!(admin.get(&format!("/v1/twins/{}", names[1])).expect(200)["tenant_id"], theirs.id);
    assert_eq!(admin.post("/v1/twins", &twin(json!({}))).refused(400, "invalid_request")["param"], "tenant");
    admin.post("/v1/twins", &twin(json!({"tenant": "nobody-at-all"}))).refused(404, "not_found");
    let made = admin.post("/v1/twins", &twin(json!({"tenant": ours.id}))).expect(201);
    assert_eq!(made["tenant_id"], ours.id);
    assert_eq!(found(&admin, &[&ours.id, &theirs.id]), 2, "both are listed, each once");
}

/// How many of the operator's list, page by page, are of these tenants.
fn found(admin: &Caller, tenants: &[&str]) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = admin.get(&format!("/v1/twins?limit=3{cursor}")).expect(200);
        let twins = page["twins"].as_array().expect("twins");
        assert!(twins.len() <= 3);
        count += twins.iter().filter(|twin| twin["tenant_id"].as_str().is_some_and(|id| tenants.contains(&id))).count();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

#[test]
fn twn_1_a_repeat_with_its_key_is_the_same_twin() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let (key, body) = (unique("key-"), twin(json!({})));
    let make = |body: &Value| -> Answer {
        tenant.server().call("POST", "/v1/twins").header("idempotency-key", &key).json(body).send()
    };
    let first = make(&body).expect(201);
    assert_eq!(make(&body).expect(201), first);
    assert_eq!(make(&twin(json!({"name": "Another"}))).refused(409, "conflict")["code"], "idempotency_key_reused");
    let (key, body) = (unique("key-"), consent());
    let give = |body: &Value| -> Answer {
        tenant.server().call("POST", &path(&tenant, "/consents")).header("idempotency-key", &key).json(body).send()
    };
    let first = give(&body).expect(201);
    assert_eq!(give(&body).expect(201), first);
    assert_eq!(tenant.server().get(&path(&tenant, "")).expect(200)["consents"], 2);
}

/// One after the other, whoever comes first: none is lost and none is refused.
#[test]
fn twn_1_changes_at_the_same_time_are_all_made() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    made(&tenant, json!({}));
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (tenant, server) = (&tenant, tenant.server());
            scope.spawn(move || {
                server.post(&path(tenant, "/links"), &json!({"module": format!("m{n}"), "mode": "host"})).expect(201);
            });
        }
    });
    let links = tenant.server().get(&path(&tenant, "/links")).expect(200);
    assert_eq!(links["links"].as_array().expect("links").len(), 8, "{links}");
}

#[test]
fn twn_1_deleting_the_tenant_takes_its_twin() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let made = deployed(&tenant, json!({}));
    let admin = gate.admin();
    admin.delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    for name in [tenant.id.clone(), encoded(&made["id"])] {
        admin.get(&format!("/v1/twins/{name}")).refused(404, "not_found");
    }
    assert_eq!(found(&admin, &[&tenant.id]), 0);
    eventually("the log to tell of its end", Duration::from_secs(10), || {
        let entries = admin.get(&format!("/v1/audit/entries?kind=all&tenant={}&limit=100", tenant.id)).expect(200);
        entries["entries"].as_array()?.iter().any(|entry| entry["event_type"] == "TENANT_DELETED").then_some(())
    });
}
