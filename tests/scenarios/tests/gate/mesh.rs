//! TWN-3: the mesh of a company's twins as it really stands, and what they tell each other, if they want to.

use scenarios::{Caller, Gate, Tenant, Value, eventually, json, unique};

const NOTES: &str = "/v1/mesh/notes";

/// A tenant of a company with a twin, which takes part in the mesh as `mesh` says.
#[track_caller]
fn twin(gate: &Gate, company: &str, mesh: Value) -> Tenant {
    let tenant = Tenant::new(gate, json!({ "company": company }));
    let made = json!({
        "name": unique("Twin "), "behavior_mode": "host", "avatar_type": "3d", "mesh": mesh,
        "consent": {"subject": "Anna Example", "purpose": "hosting", "evidence_sha256": "ab".repeat(32)},
    });
    tenant.server().post("/v1/twins", &made).expect(201);
    tenant
}

#[track_caller]
fn patch(tenant: &Tenant, change: Value) {
    tenant.server().patch(&format!("/v1/twins/{}", tenant.id), &change).expect(200);
}

fn note(text: &str) -> Value {
    json!({"kind": "cultural", "text": text, "topic": "words"})
}

#[track_caller]
fn texts(caller: &Caller, query: &str) -> Vec<String> {
    let notes = caller.get(&format!("{NOTES}{query}")).expect(200)["notes"].as_array().expect("notes").clone();
    notes.iter().map(|note| note["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn twn_3_the_mesh_is_what_is_there() {
    let gate = Gate::shared();
    let company = unique("company-");
    let first = twin(gate, &company, json!({"share": true}));
    let second = twin(gate, &company, json!({}));
    let stranger = twin(gate, &unique("company-"), json!({}));
    let mesh = |caller: &Caller| caller.get("/v1/mesh").expect(200);

    let idle = mesh(&first.server());
    assert_eq!(
        (&idle["status"], &idle["total_twins"], &idle["deployed_twins"]),
        (&json!("idle"), &json!(2), &json!(0))
    );
    assert_eq!((&idle["network"], &idle["live_sessions"], &idle["modules"]), (&json!("MT-IM"), &json!(0), &json!([])));
    assert_eq!(idle["truncated"], false);

    for (tenant, module) in [(&first, "gclive"), (&first, "casino"), (&second, "casino")] {
        let link = json!({"module": module, "mode": "dealer"});
        tenant.server().post(&format!("/v1/twins/{}/links", tenant.id), &link).expect(201);
    }
    first.server().post(&format!("/v1/twins/{}/deploy", first.id), &json!({"environment": "production"})).expect(200);
    let (page, other) = (first.page(), first.page());
    other.end().expect(204);
    let open = mesh(&second.server());
    assert_eq!(
        (&open["status"], &open["total_twins"], &open["deployed_twins"]),
        (&json!("online"), &json!(2), &json!(1))
    );
    assert_eq!(open["live_sessions"], 1, "{open}");
    assert_eq!(open["modules"], json!([{"module": "casino", "twins": 2}, {"module": "gclive", "twins": 1}]));
    let shown = open["twins"].as_array().expect("twins");
    assert_eq!((&shown[0]["module"], &shown[1]["module"]), (&json!("casino"), &json!("gclive")));
    assert!(shown.iter().all(|twin| twin["mode"] == "dealer" && twin["id"].as_str().unwrap().starts_with("MTID#")));
    assert!(open["last_sync"].as_str() >= idle["last_sync"].as_str() && open["last_sync"].is_string());
    page.end().expect(204);

    // A note is a sync; a company is told of nobody else's; a retired twin isn't there any more.
    first.server().post(NOTES, &note("Hello")).expect(201);
    let synced = mesh(&first.server());
    assert!(synced["last_sync"].as_str() > open["last_sync"].as_str(), "{synced}");
    assert_eq!(mesh(&stranger.server())["total_twins"], 1);
    assert_eq!(gate.admin().get(&format!("/v1/mesh?company={company}")).expect(200)["total_twins"], 2);
    assert!(gate.admin().get("/v1/mesh").expect(200)["total_twins"].as_u64() >= Some(3));
    second.server().delete(&format!("/v1/twins/{}", second.id)).expect(204);
    assert_eq!(mesh(&first.server())["total_twins"], 1);

    for caller in [gate.stranger(), first.visitor(), page.caller] {
        assert!(matches!(caller.get("/v1/mesh").status, 401 | 403));
    }
    assert_eq!(first.server().get("/v1/mesh?cursor=x").refused(400, "invalid_request")["param"], "cursor");
}

#[test]
fn twn_3_very_many_twins_are_shown_page_by_page() {
    let gate = Gate::shared();
    let company = unique("company-");
    let all: Vec<Tenant> = (0..103).map(|_| twin(gate, &company, json!({}))).collect();
    let server = all[0].server();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/mesh?cursor={cursor}")).expect(200);
        assert_eq!(page["total_twins"], 103);
        seen.extend(page["twins"].as_array().expect("twins").iter().map(|twin| twin["id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 103);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 103, "none twice");
}

#[test]
fn twn_3_notes_are_for_the_twins_of_one_company_that_want_them() {
    let gate = Gate::shared();
    let company = unique("company-");
    let writer = twin(gate, &company, json!({"share": true}));
    let reader = twin(gate, &company, json!({"learn": true}));
    let silent = twin(gate, &company, json!({}));
    let stranger = twin(gate, &unique("company-"), json!({"share": true, "learn": true}));
    let nobody = Tenant::new(gate, json!({ "company": company }));

    reader.server().get("/v1/mesh").expect(200);
    let secret = unique("People say ");
    let left = writer.server().post(NOTES, &note(&secret)).expect(201);
    assert_eq!(
        (&left["tenant_id"], &left["kind"], &left["topic"]),
        (&json!(writer.id), &json!("cultural"), &json!("words"))
    );
    assert!(left["id"].as_str().is_some_and(|id| id.starts_with("note_")), "{left}");
    for tenant in [&reader, &silent, &nobody] {
        let refused = tenant.server().post(NOTES, &note("no")).refused(403, "forbidden");
        assert_eq!(refused["code"], "mesh_not_shared");
    }
    for tenant in [&silent, &nobody] {
        assert_eq!(tenant.server().get(NOTES).refused(403, "forbidden")["code"], "mesh_not_shared");
    }
    for caller in [writer.server(), reader.server()] {
        assert_eq!(texts(&caller, ""), std::slice::from_ref(&secret));
    }
    assert_eq!(texts(&gate.admin(), &format!("?company={company}")), std::slice::from_ref(&secret));
    assert_eq!(texts(&stranger.server(), ""), [""; 0]);
    assert_eq!(texts(&stranger.server(), &format!("?company={company}")), [""; 0], "another company's are never shown");
    gate.admin().get(NOTES).refused(400, "invalid_request");
    gate.admin().post(NOTES, &note("no")).refused(403, "forbidden");

    // Told in the feeds of those who take part, without what it says.
    let told = |tenant: &Tenant| {
        let events = tenant.server().get("/v1/events").expect(200)["events"].as_array().expect("events").clone();
        events.into_iter().filter(|event| event["type"] == "mesh.note").collect::<Vec<_>>()
    };
    for tenant in [&writer, &reader] {
        let told =
            eventually("the event", std::time::Duration::from_secs(5), || Some(told(tenant)).filter(|t| !t.is_empty()));
        assert_eq!((told.len(), &told[0]["data"]["id"]), (1, &left["id"]));
        assert!(!told[0].to_string().contains(&secret));
    }
    assert!(told(&silent).is_empty() && told(&stranger).is_empty());

    // Said twice with the same key, it is one; what is wrong is named; one's own is taken back.
    let twice = || writer.server().call("POST", NOTES).header("idempotency-key", "n-1").json(&note("Twice")).send();
    assert_eq!(twice().expect(201), twice().expect(201));
    assert_eq!(texts(&reader.server(), ""), ["Twice".to_owned(), secret.clone()]);
    for (body, param) in [(json!({"text": "t"}), "kind"), (note(""), "text"), (note(&"x".repeat(1_001)), "text")] {
        assert_eq!(writer.server().post(NOTES, &body).refused(400, "invalid_request")["param"], param);
    }
    let path = format!("{NOTES}/{}", left["id"].as_str().unwrap());
    for tenant in [&reader, &stranger] {
        tenant.server().delete(&path).refused(404, "not_found");
    }
    writer.server().delete(&path).expect(204);
    writer.server().delete(&path).refused(404, "not_found");
    assert_eq!(texts(&reader.server(), ""), ["Twice"]);

    // Who doesn't want to any more neither tells nor hears.
    patch(&reader, json!({"mesh": {"learn": false}}));
    assert_eq!(reader.server().get(NOTES).refused(403, "forbidden")["code"], "mesh_not_shared");
    writer.server().post(NOTES, &note("Later")).expect(201);
    assert_eq!(told(&reader).len(), 2, "the first and the one said twice");
}
