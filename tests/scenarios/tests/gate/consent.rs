//! SES-5: no twin without a recorded consent, and none that goes on after it was taken back: what its sessions hold at
//! vendors ends with it.

use std::time::Duration;

use scenarios::tenant::{chat, seconds};
use scenarios::{Gate, Mocks, Tenant, json};

use crate::house::{self, assert_all_ended, live};
use crate::twins::{consent, deployed, logged, made, path, twin};

fn session() -> scenarios::Value {
    json!({"channel": "widget", "consent": true})
}

/// The id of the tenant's one consent.
#[track_caller]
fn only_consent(tenant: &Tenant) -> String {
    let all = tenant.server().get(&path(tenant, "/consents")).expect(200);
    let [one] = all["consents"].as_array().expect("consents").as_slice() else { panic!("not one: {all}") };
    one["id"].as_str().expect("an id").to_owned()
}

#[test]
fn ses_5_no_twin_without_consent() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let server = tenant.server();
    for body in [twin(json!({"consent": null})), {
        let mut body = twin(json!({}));
        body.as_object_mut().expect("an object").remove("consent");
        body
    }] {
        assert_eq!(server.post("/v1/twins", &body).refused(403, "forbidden")["code"], "consent_required");
    }
    server.get(&path(&tenant, "")).refused(404, "not_found");
    assert_eq!(logged(&tenant).iter().filter(|entry| entry["event_type"] == "TWIN_CREATED").count(), 0);
    // Recorded: who, when, what for, the proof's hash.
    let given = consent();
    server.post("/v1/twins", &twin(json!({"consent": given}))).expect(201);
    let shown = server.get(&path(&tenant, "/consents")).expect(200);
    let shown = &shown["consents"][0];
    for field in ["subject", "purpose", "evidence_sha256"] {
        assert_eq!(shown[field], given[field], "{field}");
    }
    assert_eq!((&shown["given_at"], &shown["active"]), (&json!("2026-01-02T03:04:05.000Z"), &json!(true)));
    // And nothing deploys it once nobody consents any more.
    server.delete(&path(&tenant, &format!("/consents/{}", only_consent(&tenant)))).expect(204);
    let deploy = server.post(&path(&tenant, "/deploy"), &json!({"environment": "production"}));
    assert_eq!(deploy.refused(403, "forbidden")["code"], "consent_required");
    for opened in [tenant.open_session(&session()), server.post("/v1/sessions", &session())] {
        assert_eq!(opened.refused(403, "forbidden")["code"], "consent_revoked");
    }
}

#[test]
fn ses_5_revoking_consent_ends_its_sessions() {
    let tenant = house::tenant(house::gate(), Mocks::shared(), "tavus", json!({}), json!({}));
    deployed(&tenant, json!({}));
    let (page, quiet) = (tenant.page(), tenant.page());
    page.caller.post("/v1/video/sessions", &json!({"provider": "tavus", "persona": "p1"})).expect(201);
    assert_eq!(live(Mocks::shared(), &tenant), ["active"]);
    let consent_id = only_consent(&tenant);
    for _ in 0..2 {
        tenant.server().delete(&path(&tenant, &format!("/consents/{consent_id}"))).expect(204);
    }
    // At once for whoever asks, and for the picture within moments, though nobody asks.
    for page in [&page, &quiet] {
        let refused = page.caller.post("/v1/chat/completions", &chat("Hello")).refused(401, "unauthenticated");
        assert_eq!(refused["code"], "session_revoked");
    }
    assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(3));
    for page in [&page, &quiet] {
        let seen = tenant.server().get(&format!("/v1/sessions/{}", page.id)).expect(200);
        assert_eq!((&seen["status"], &seen["ended_by"]), (&json!("ended"), &json!("revoked")), "{seen}");
    }
    assert_eq!(tenant.open_session(&session()).refused(403, "forbidden")["code"], "consent_revoked");
    // Another person's consent opens the twin again, and none of the sessions that were over.
    tenant.server().post(&path(&tenant, "/consents"), &consent()).expect(201);
    page.tick("video").refused(401, "unauthenticated");
    tenant.page().caller.get("/v1/models").expect(200);

    let entries = logged(&tenant);
    let revoked: Vec<_> = entries.iter().filter(|entry| entry["event_type"] == "CONSENT_REVOKED").collect();
    assert_eq!(revoked.len(), 1, "once, however often it is asked for");
    assert_eq!(revoked[0]["details"]["consent_id"], consent_id);
}

/// Nothing is over where there is no session: what the tenant's own server holds ends all the same, and it gets no more.
#[test]
fn ses_5_the_tenants_own_server_needs_the_consent_as_well() {
    let tenant = house::tenant(house::gate(), Mocks::shared(), "tavus", json!({}), json!({}));
    deployed(&tenant, json!({}));
    let server = tenant.server();
    let body = json!({"provider": "tavus", "persona": "p1", "max_seconds": 600});
    server.post("/v1/video/sessions", &body).expect(201);
    assert_eq!(live(Mocks::shared(), &tenant), ["active"]);
    let permit = server.post("/v1/preflight", &seconds(1)).expect(200);
    server.delete(&path(&tenant, &format!("/consents/{}", only_consent(&tenant)))).expect(204);
    assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(3));
    let job = json!({"kind": "video", "input": {"prompt": "A lighthouse"}});
    for (route, body) in [("/v1/preflight", &seconds(1)), ("/v1/video/sessions", &body)] {
        assert_eq!(server.post(route, body).refused(403, "forbidden")["code"], "consent_revoked", "{route}");
    }
    let media = house::tenant(house::gate(), Mocks::shared(), "kie", json!({}), json!({}));
    deployed(&media, json!({}));
    media.server().delete(&path(&media, &format!("/consents/{}", only_consent(&media)))).expect(204);
    assert_eq!(media.server().post("/v1/jobs", &job).refused(403, "forbidden")["code"], "consent_revoked");
    // What it was permitted before is settled as ever.
    let settle = format!("/v1/preflight/{}/settle", permit["limit_check_id"].as_str().expect("an id"));
    server.post(&settle, &json!({"units": 1, "unit_type": "seconds"})).expect(200);
}

#[test]
fn ses_5_one_of_two_consents_taken_back_ends_nothing() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    deployed(&tenant, json!({}));
    let second = tenant.server().post(&path(&tenant, "/consents"), &consent()).expect(201);
    let page = tenant.page();
    let one = path(&tenant, &format!("/consents/{}", second["id"].as_str().expect("an id")));
    tenant.server().delete(&one).expect(204);
    page.caller.get("/v1/models").expect(200);
    let all = tenant.server().get(&path(&tenant, "/consents")).expect(200);
    let active: Vec<_> =
        all["consents"].as_array().expect("consents").iter().map(|one| one["active"].clone()).collect();
    assert_eq!(active, [json!(true), json!(false)]);
    tenant.server().delete(&path(&tenant, "/consents/con_nobody")).refused(404, "not_found");
}

/// What the log keeps for good names nobody, and what lies in the store is sealed.
#[test]
fn ses_5_nobodys_name_is_in_the_log_or_in_the_clear() {
    let gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let given = consent();
    let name = given["subject"].as_str().expect("a name").to_owned();
    made(&tenant, json!({"consent": given}));
    let entries = logged(&tenant);
    let entry = entries.iter().find(|entry| entry["event_type"] == "CONSENT_GIVEN").expect("an entry");
    assert_eq!(entry["details"]["evidence_sha256"], given["evidence_sha256"]);
    assert!(!format!("{entries:?}").contains(&name));
    for file in std::fs::read_dir(gate.data()).expect("the data folder") {
        let path = file.expect("a file").path();
        if let Ok(bytes) = std::fs::read(&path) {
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(!found, "{} holds the name", path.display());
        }
    }
}
