//! EVIDENCE-03, SES-2: nobody gets into another tenant, however good the credential is at home.

use scenarios::jwt::Issuer;
use scenarios::tenant::{chat, permit_path, seconds, speech};
use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

fn two_tenants() -> (Tenant, Tenant) {
    let tenant = || Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    (tenant(), tenant())
}

#[test]
fn evidence_03_a_valid_jwt_of_tenant_a_does_not_open_tenant_bs_twin() {
    for (a, mut b) in [(Issuer::eddsa(), Issuer::eddsa()), (Issuer::rs256(), Issuer::rs256())] {
        // The audience is the same, so it is the issuer and its key that decide.
        b.audience.clone_from(&a.audience);
        let at_home = Tenant::at(Gate::shared(), Mocks::shared(), json!({"end_user_auth": a.end_user_auth()}));
        let foreign = Tenant::at(Gate::shared(), Mocks::shared(), json!({"end_user_auth": b.end_user_auth()}));
        let open = |tenant: &Tenant, token: &str| {
            tenant.open_session(&json!({"channel": "widget", "consent": true, "user_token": token}))
        };
        let token = a.token(json!({}));
        open(&at_home, &token).expect(201);
        open(&foreign, &token).refused(403, "forbidden");
        // Nor when it claims to come from B's issuer.
        let forged = open(&foreign, &a.token(json!({"iss": b.name})));
        assert!(matches!(forged.status, 401 | 403), "{}", forged.text());
        Mocks::shared().assert_not_called(&foreign);
    }
}

#[test]
fn ses_1_only_a_sound_user_token_opens_a_session() {
    for issuer in [Issuer::eddsa(), Issuer::rs256()] {
        let tenant = Tenant::new(Gate::shared(), json!({"end_user_auth": issuer.end_user_auth()}));
        let open =
            |token: Value| tenant.open_session(&json!({"channel": "widget", "consent": true, "user_token": token}));
        let refused = |what: &str, token: String| {
            let answer = open(json!(token));
            assert!(matches!(answer.status, 401 | 403), "{what}: {} {}", answer.status, answer.text());
            answer.refused(answer.status, if answer.status == 401 { "unauthenticated" } else { "forbidden" });
        };
        let good = issuer.token(json!({}));
        open(json!(good)).expect(201);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        refused("expired", issuer.token(json!({"exp": now - 3600, "iat": now - 7200})));
        refused("never expires", issuer.token(json!({"exp": null})));
        refused("not yet", issuer.token(json!({"nbf": now + 3600})));
        refused("other audience", issuer.token(json!({"aud": "somebody-else"})));
        refused("no audience", issuer.token(json!({"aud": null})));
        refused("other issuer", issuer.token(json!({"iss": "https://evil.example"})));
        refused("algorithm none", issuer.token_with_header(json!({"alg": "none"}), json!({})));
        refused("algorithm confusion", issuer.token_with_header(json!({"alg": "HS256"}), json!({})));
        let (signed, signature) = good.rsplit_once('.').unwrap();
        refused("no signature", format!("{signed}."));
        let other = issuer.token(json!({"sub": "user-b"}));
        refused("signature of another token", format!("{}.{signature}", other.rsplit_once('.').unwrap().0));
        refused("nonsense", "nonsense".into());
        let answer = tenant.open_session(&json!({"channel": "widget", "consent": true}));
        assert!(matches!(answer.status, 401 | 403), "without a token: {}", answer.text());
    }
}

#[test]
fn evidence_03_a_session_token_works_only_at_its_own_origin() {
    let (a, b) = two_tenants();
    Gate::shared()
        .admin()
        .patch(&format!("/v1/tenants/{}", b.id), &json!({"allowed_origins": ["https://b.example"]}))
        .expect(200);
    let page = a.page();
    let requests: [(&str, Value); 4] = [
        ("/v1/chat/completions", chat("Hello")),
        ("/v1/speech", speech("Hello")),
        ("/v1/video/sessions", json!({"persona": "p1"})),
        ("/v1/preflight", seconds(15)),
    ];
    for origin in ["https://b.example", "https://page.example.evil.example", "http://page.example", "null"] {
        for (path, body) in &requests {
            page.caller.clone().with_origin(origin).post(path, body).refused(403, "forbidden");
        }
        let ticks = format!("/v1/sessions/{}/ticks", page.id);
        let tick = page.caller.clone().with_origin(origin).post(&ticks, &json!({"capability": "video"}));
        tick.refused(403, "forbidden");
    }
    for (path, body) in &requests {
        page.caller.clone().without_origin().post(path, body).refused(403, "forbidden");
    }
    Mocks::shared().assert_not_called(&a);
    Mocks::shared().assert_not_called(&b);
    page.caller.post("/v1/chat/completions", &chat("At home it works")).expect(200);
}

/// Refused as if it weren't there, or as forbidden; never served.
#[track_caller]
fn assert_hidden(answer: &scenarios::Answer) {
    match answer.status {
        403 => answer.refused(403, "forbidden"),
        _ => answer.refused(404, "not_found"),
    };
}

#[test]
fn evidence_03_a_secret_key_of_another_tenant_sees_and_changes_nothing() {
    let (a, b) = two_tenants();
    let (server, stranger) = (b.server(), a.server());
    let permit = server.post("/v1/preflight", &seconds(15)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap();
    let settled = server.post("/v1/preflight", &seconds(15)).expect(200);
    let settled = settled["limit_check_id"].as_str().unwrap();
    let usage = json!({"units": 1, "unit_type": "seconds"});
    server.post(&format!("{}/settle", permit_path(settled)), &usage).expect(200);
    Books(&server).entry(settled);
    let page = b.page();

    assert_hidden(&stranger.post(&format!("{}/settle", permit_path(id)), &usage));
    assert_hidden(&stranger.delete(&permit_path(id)));
    assert_hidden(&stranger.get(&format!("/v1/audit/entries/{settled}")));
    assert_hidden(&stranger.get(&format!("/v1/audit/entries/{settled}/proof")));
    assert_hidden(&stranger.get(&format!("/v1/sessions/{}", page.id)));
    assert_hidden(&stranger.post(&format!("/v1/sessions/{}/ticks", page.id), &json!({"capability": "video"})));
    let ended = stranger.delete(&format!("/v1/sessions/{}", page.id));
    assert!(matches!(ended.status, 204 | 403 | 404), "{}", ended.text());
    assert_hidden(&stranger.delete("/v1/video/sessions/vid_none"));
    assert_eq!(Books(&stranger).entries(), Vec::<Value>::new());

    // Nothing of B has moved: the permit is open, the session lives, the money is where it was.
    assert_eq!(server.get(&format!("/v1/sessions/{}", page.id)).expect(200)["status"], "active");
    server.delete(&permit_path(id)).expect(204);
    assert_eq!(Books(&server).settled_money().settled, 1_000_000);
    Mocks::shared().assert_not_called(&a);
    Mocks::shared().assert_not_called(&b);
}

#[test]
fn evidence_03_a_permit_cannot_name_another_tenants_session() {
    let (a, b) = two_tenants();
    let mut foreign = seconds(15);
    foreign["session_id"] = json!(b.page().id);
    assert_hidden(&a.server().post("/v1/preflight", &foreign));
    assert_eq!(Books(&a.server()).money().held, 0);
}

#[test]
fn evidence_03_tenants_and_their_keys_are_the_operators_business() {
    let (a, b) = two_tenants();
    let page = a.page();
    for caller in [a.server(), a.visitor(), page.caller, Gate::shared().stranger()] {
        for answer in [
            caller.get("/v1/tenants"),
            caller.get(&format!("/v1/tenants/{}", b.id)),
            caller.patch(&format!("/v1/tenants/{}", a.id), &json!({"limits": {"monthly_cost_usd": "1000000"}})),
            caller.delete(&format!("/v1/tenants/{}", b.id)),
            caller.put(&format!("/v1/tenants/{}/vendors/openai", a.id), &json!({"mode": "live", "secret": "x"})),
            caller.put("/v1/prices", &json!({"prices": []})),
            caller.call("POST", "/v1/maintenance").send(),
        ] {
            assert!(matches!(answer.status, 401 | 403), "{} {}", answer.status, answer.text());
        }
    }
}
