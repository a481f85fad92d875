//! SES-2, SES-6: who sees which sessions in the list, and ends which of them.

use std::time::Duration;

use scenarios::{Caller, Gate, Mocks, ORIGIN, Tenant, Value, eventually, json};

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

/// One page: its sessions, and where to go on.
#[track_caller]
fn page(caller: &Caller, query: &str) -> (Vec<Value>, Option<String>) {
    let page = caller.get(&format!("/v1/sessions?{query}")).expect(200);
    let sessions = page["sessions"].as_array().unwrap_or_else(|| panic!("{page}")).clone();
    (sessions, page["next_cursor"].as_str().map(str::to_owned))
}

/// All pages.
#[track_caller]
fn sessions(caller: &Caller, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = page(caller, query);
    while let Some(next) = cursor {
        let (more, after) = page(caller, &format!("{query}&cursor={next}"));
        found.extend(more);
        cursor = after;
    }
    found
}

fn ids(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[test]
fn ses_6_a_server_lists_its_sessions_newest_first_and_sees_no_secret() {
    let tenant = tenant();
    let first = tenant.page();
    let second = tenant.server().post("/v1/sessions", &json!({"channel": "portal", "consent": true})).expect(201);
    let third = tenant.page();
    third.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    first.end().expect(204);

    let server = tenant.server();
    let answer = server.get("/v1/sessions");
    let listed = answer.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for secret in [&first.token, &third.token, "tgs_", "sha256", &tenant.publishable_key] {
        assert!(!answer.text().contains(secret), "{secret}: {listed}");
    }
    let found = listed["sessions"].as_array().unwrap();
    let second = second["id"].as_str().unwrap();
    assert_eq!(ids(found), [third.id.as_str(), second, &first.id]);
    assert_eq!(listed["next_cursor"], Value::Null);
    let names = ["id", "tenant_id", "company", "channel", "capabilities", "module", "origin", "state", "created_at"];
    let names = [&names[..], &["expires_at", "ended_at", "end_reason", "last_tick_due"]].concat();
    for session in found {
        assert_eq!(session.as_object().unwrap().len(), names.len(), "{session}");
        assert!(names.iter().all(|name| session.get(name).is_some()), "{session}");
        assert_eq!((&session["tenant_id"], &session["company"]), (&json!(tenant.id), &json!(tenant.company)));
    }
    let is = |session: &Value, expected: Value| {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&session[name], value, "{name} of {session}");
        }
    };
    let open = json!({"state": "open", "ended_at": null, "end_reason": null});
    is(&found[0], open.clone());
    is(&found[0], json!({"channel": "widget", "origin": ORIGIN}));
    is(&found[1], open);
    is(&found[1], json!({"channel": "portal", "origin": null, "last_tick_due": null}));
    is(&found[2], json!({"state": "ended", "end_reason": "page"}));
    for time in [&found[2]["ended_at"], &found[0]["last_tick_due"], &found[0]["expires_at"]] {
        assert!(time.as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')), "{listed}");
    }

    let check = |query: &str, expected: &[&str]| assert_eq!(ids(&sessions(&server, query)), expected, "{query}");
    check("state=open", &[&third.id, second]);
    check("state=ended", &[&first.id]);
    check("state=all&limit=1", &[&third.id, second, &first.id]);
    check(&format!("tenant={}", tenant.id), &[&third.id, second, &first.id]);
    // Who comes in while somebody turns the pages moves nothing.
    let (one, cursor) = page(&server, "limit=1");
    let newcomer = tenant.page();
    let (rest, end) = page(&server, &format!("limit=2&cursor={}", cursor.unwrap()));
    assert_eq!((ids(&one), ids(&rest)), (vec![third.id.as_str()], vec![second, &first.id]));
    assert!(end.is_none_or(|next| page(&server, &format!("cursor={next}")).0.is_empty()));
    assert_eq!(page(&server, "limit=1").0[0]["id"], newcomer.id.as_str());
}

#[test]
fn ses_6_the_operator_lists_everybodys_sessions_and_ends_any_with_what_it_holds() {
    let (a, b) = (tenant(), tenant());
    let (of_a, of_b) = (a.page(), b.page());
    of_a.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    let admin = Gate::shared().admin();
    assert_eq!(ids(&sessions(&admin, &format!("tenant={}", a.id))), [of_a.id.as_str()]);
    let all = sessions(&admin, "state=open&limit=200");
    let place = |id: &str| ids(&all).iter().position(|listed| *listed == id).expect("it is listed");
    assert!(place(&of_b.id) < place(&of_a.id), "newest first");

    let path = format!("/v1/sessions/{}", of_a.id);
    assert_eq!(admin.get(&path).expect(200)["status"], "active");
    admin.delete(&path).expect(204);
    admin.delete(&path).expect(204);
    let told = |call: &Value| call["status"].as_u64().is_some_and(|code| code < 300);
    Mocks::shared().call_when(&a, "/end", Duration::from_secs(5), told);
    of_a.caller.get("/v1/usage").refused(401, "unauthenticated");
    assert_eq!(admin.get(&path).expect(200)["ended_by"], "revoked");
    let ended = sessions(&admin, &format!("tenant={}&state=ended", a.id));
    assert_eq!((ended.len(), &ended[0]["end_reason"]), (1, &json!("revoked")));
    of_b.caller.get("/v1/usage").expect(200);
    admin.delete("/v1/sessions/ses_nobody").refused(404, "not_found");
    admin.get("/v1/sessions/ses_nobody").refused(404, "not_found");
}

#[test]
fn ses_6_sessions_of_a_deleted_tenant_are_shown_to_the_operator() {
    let tenant = tenant();
    let page = tenant.page();
    let admin = Gate::shared().admin();
    admin.delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    let listed = || sessions(&admin, &format!("tenant={}", tenant.id));
    // At once, whether or not the maintenance has come by.
    assert_eq!((ids(&listed()), &listed()[0]["end_reason"]), (vec![page.id.as_str()], &json!("revoked")));
    eventually("the maintenance notes when", Duration::from_secs(20), || {
        listed()[0]["ended_at"].is_string().then_some(())
    });
    assert_eq!(listed()[0]["state"], "ended");
    admin.delete(&format!("/v1/sessions/{}", page.id)).expect(204);
    tenant.server().get("/v1/sessions").refused(401, "unauthenticated");
}

#[test]
fn ses_2_a_server_sees_and_ends_its_own_sessions_alone() {
    let (own, other) = (tenant(), tenant());
    let (mine, theirs) = (own.page(), other.page());
    let server = own.server();
    assert_eq!(ids(&sessions(&server, "state=all")), [mine.id.as_str()]);
    let refused = server.get(&format!("/v1/sessions?tenant={}", other.id)).refused(403, "forbidden");
    assert_eq!((&refused["code"], &refused["param"]), (&json!("wrong_tenant"), &json!("tenant")));
    for path in [format!("/v1/sessions/{}", theirs.id), "/v1/sessions/ses_nobody".into()] {
        server.get(&path).refused(404, "not_found");
        server.delete(&path).refused(404, "not_found");
    }
    theirs.caller.get("/v1/usage").expect(200);
    server.delete(&format!("/v1/sessions/{}", mine.id)).expect(204);
    mine.caller.get("/v1/usage").refused(401, "unauthenticated");
    assert_eq!(sessions(&server, "state=ended")[0]["end_reason"], "revoked");
}

#[test]
fn ses_2_the_list_of_sessions_is_for_servers_and_the_operator() {
    let tenant = tenant();
    let list = |caller: Caller| caller.get("/v1/sessions");
    assert_eq!(list(tenant.visitor()).refused(401, "unauthenticated")["code"], "session_required");
    assert_eq!(list(tenant.page().caller).refused(403, "forbidden")["code"], "secret_key_needed");
    list(Gate::shared().stranger()).refused(401, "unauthenticated");
    list(Gate::shared().stranger().with_bearer("tg_sk_nobodys")).refused(401, "unauthenticated");
    list(Gate::shared().stranger().with_bearer("not-the-admin-key")).refused(401, "unauthenticated");
}

#[test]
fn ops_4_what_the_list_of_sessions_doesnt_know_is_named() {
    let tenant = tenant();
    (0..2).for_each(|_| drop(tenant.page()));
    let server = tenant.server();
    let check = |query: &str, param: &str| {
        let error = server.get(&format!("/v1/sessions?{query}")).refused(400, "invalid_request");
        assert_eq!(error["param"], param, "{query}: {error}");
    };
    for text in ["", "active", "OPEN", "open,ended"] {
        check(&format!("state={text}"), "state");
    }
    for text in ["", "0", "201", "-1", "x", "1.5"] {
        check(&format!("limit={text}"), "limit");
    }
    let cursor = page(&server, "limit=1").1.unwrap();
    for text in ["", "x", "1", "s0", "s99999999", &format!("{cursor}0000000"), &format!("%20{cursor}")] {
        check(&format!("cursor={text}"), "cursor");
    }
    for text in ["", "a%2Fb", "%00", &"x".repeat(65)] {
        check(&format!("tenant={text}"), "tenant");
    }
    // Nobody has this one, or nobody any more: the operator may ask all the same.
    assert_eq!(page(&Gate::shared().admin(), "tenant=nobody"), (vec![], None));
    let put = server.call("PUT", "/v1/sessions").json(&json!({})).send();
    put.refused(405, "method_not_allowed");
    assert_eq!(put.header("allow"), Some("GET, POST"));
}
