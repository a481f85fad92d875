//! TWN-1 to TWN-4 by the paths and names of the source document, with its own bodies: over the same twins.

use scenarios::{Gate, Tenant, Value, json};

use crate::twins::{consent, path};

fn post(tenant: &Tenant, path: &str, body: &Value) -> scenarios::Answer {
    tenant.server().post(&format!("/api/metatwin/{path}"), body)
}

#[test]
fn twn_1_the_documents_own_requests_work() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let mut create = json!({"name": "Meta Travis", "voiceprint": "base64_encoded_audio", "behaviorMode": "host", "avatarType": "3D"});
    let refused = post(&tenant, "create", &create).refused(403, "forbidden");
    assert_eq!(refused["code"], "consent_required", "the document's own body lacks what its chapter 8 demands");
    create["consent"] = consent();
    let made = post(&tenant, "create", &create).expect(201);
    assert_eq!((&made["success"], &made["message"]), (&json!(true), &json!("MetaTwin created successfully")));
    let data = &made["data"];
    assert_eq!((&data["status"], &data["trainingStatus"]), (&json!("created"), &json!("pending")));
    assert_eq!(
        (&data["name"], &data["behaviorMode"], &data["avatarType"]),
        (&json!("Meta Travis"), &json!("host"), &json!("3d"))
    );
    assert_eq!(data["tenantId"], tenant.id);
    let mtid = data["id"].as_str().expect("an id");
    assert!(mtid.starts_with("MTID#"), "{mtid}");
    assert_eq!(tenant.server().get(&path(&tenant, "")).expect(200)["id"], mtid, "the same twin");

    let link =
        json!({"mtid": mtid, "module": "gclive", "mode": "host", "context": {"venue": "street", "homeTeam": "urban"}});
    let linked = post(&tenant, "link", &link).expect(200);
    let url = format!("mt-link://gclive/{mtid}?mode=host");
    let expected = json!({"success": true, "message": "MetaTwin linked to module successfully", "linkUrl": url});
    assert_eq!(linked, expected);
    let ours = tenant.server().get(&path(&tenant, "/links")).expect(200);
    assert_eq!(ours["links"][0]["context"], link["context"], "its names are its own");

    let deployed = post(&tenant, "deploy", &json!({"mtid": mtid, "environment": "production"})).expect(200);
    assert_eq!((&deployed["success"], &deployed["data"]["status"]), (&json!(true), &json!("deployed")));
    let opened = tenant.open_session(&json!({"channel": "widget", "consent": true, "link": url})).expect(201);
    assert_eq!((&opened["module"], &opened["behavior"]), (&json!("gclive"), &json!("host")));

    let wallet = format!("0x{}", "ab".repeat(20));
    let register = json!({"mtid": mtid, "creatorWallet": wallet,
        "licensingOptions": {"allowCommercialUse": true, "allowModifications": false}});
    let registered = post(&tenant, "economy/register", &register).expect(200);
    assert_eq!(registered["data"]["royaltySplit"], json!({"creator": 80, "platform": 20}));
    assert_eq!(registered["data"]["licensingOptions"], register["licensingOptions"]);
    let licence = tenant.server().get(&path(&tenant, "/licence")).expect(200);
    assert_eq!(licence["options"], json!({"allow_commercial_use": true, "allow_modifications": false}));

    let server = tenant.server();
    let one = server.get(&format!("/api/metatwin/{}", mtid.replace('#', "%23"))).expect(200);
    assert_eq!((&one["success"], &one["data"]["id"]), (&json!(true), &json!(mtid)));
    let all = server.get("/api/metatwin/list").expect(200);
    assert_eq!(all["data"], json!([one["data"]]));
}

#[test]
fn twn_3_mesh_and_health_have_the_documents_shape() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let body = json!({"name": "Meta Viv", "behaviorMode": "dealer", "avatarType": "3D", "consent": consent()});
    let made = post(&tenant, "create", &body).expect(201);
    let mtid = made["data"]["id"].as_str().expect("an id");
    post(&tenant, "link", &json!({"mtid": mtid, "module": "casino", "mode": "dealer"})).expect(200);
    post(&tenant, "deploy", &json!({"mtid": mtid, "environment": "production"})).expect(200);
    let answer = tenant.server().get("/api/metatwin/mesh").expect(200);
    let mesh = &answer["mesh"];
    assert_eq!((&answer["success"], &mesh["status"]), (&json!(true), &json!("online")), "{answer}");
    assert_eq!(mesh["network"], "MT-IM (MetaTwin Intelligence Mesh)");
    assert_eq!((&mesh["totalTwins"], &mesh["activeTwins"][0]["id"]), (&json!(1), &json!(mtid)), "{mesh}");
    assert_eq!(
        (&mesh["activeTwins"][0]["module"], &mesh["activeTwins"][0]["mode"]),
        (&json!("casino"), &json!("dealer"))
    );
    assert_eq!(mesh["capabilities"].as_array().map(Vec::len), Some(3));
    assert!(mesh["lastSync"].is_string() && mesh["encryption"].is_string() && mesh["activeConnections"].is_u64());

    let health = Gate::shared().stranger().get("/api/metatwin/health").expect(200);
    assert_eq!(
        (&health["status"], &health["service"], &health["version"]),
        (&json!("ok"), &json!("metatwin"), &json!("2.5.0"))
    );
    assert!(health["activeTwins"].as_u64().is_some_and(|active| active >= 1), "{health}");
    let port = Gate::shared().url.rsplit(':').next().and_then(|port| port.parse::<u64>().ok());
    assert_eq!((health["port"].as_u64(), &health["meshStatus"]), (port, &json!("online")), "{health}");
}

#[test]
fn twn_1_what_the_front_refuses_is_named_as_its_callers_know_it() {
    let gate = Gate::shared();
    let (tenant, other) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    let body = json!({"name": "Meta Hero", "behaviorMode": "actor", "avatarType": "3D", "consent": consent()});
    let with = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        body
    };
    for (body, param) in [
        (with("behaviorMode", json!("villain")), "behaviorMode"),
        (with("avatarType", json!("4D")), "avatarType"),
        (with("emotion", json!(11)), "emotion"),
        (with("consent", json!({"subject": "x", "purpose": "y"})), "consent.evidenceSha256"),
        (with("voiceprint", json!(7)), "voiceprint"),
    ] {
        assert_eq!(post(&tenant, "create", &body).refused(400, "invalid_request")["param"], param);
    }
    let admin = gate.admin();
    assert_eq!(admin.post("/api/metatwin/create", &body).refused(400, "invalid_request")["param"], "tenantId");
    let made = admin.post("/api/metatwin/create", &with("tenantId", json!(tenant.id))).expect(201);
    let mtid = &made["data"]["id"];
    assert_eq!(post(&tenant, "create", &body).refused(409, "conflict")["code"], "twin_exists");
    let deploy = json!({"mtid": mtid, "environment": "production"});
    assert_eq!(post(&other, "deploy", &deploy).refused(403, "forbidden")["code"], "wrong_tenant");
    assert_eq!(
        post(&tenant, "deploy", &json!({"environment": "production"})).refused(400, "invalid_request")["param"],
        "mtid"
    );
    let unknown = json!({"mtid": "MTID#1234567890-ABC123", "environment": "production"});
    post(&tenant, "deploy", &unknown).refused(404, "not_found");
    let register = json!({"mtid": mtid, "creatorWallet": "0x..."});
    assert_eq!(post(&tenant, "economy/register", &register).refused(400, "invalid_request")["param"], "creatorWallet");
    for path in ["list", "mesh", "nobody"] {
        gate.stranger().get(&format!("/api/metatwin/{path}")).refused(401, "unauthenticated");
    }
    tenant.server().get("/api/metatwin/create").refused(405, "method_not_allowed");
    let live = tenant.server().get("/api/metatwin/live").refused(400, "invalid_request");
    assert_eq!(live["code"], "websocket_required");
    assert!(live["message"].as_str().is_some_and(|message| message.contains("/v1/live")), "{live}");
}
