//! SES-1 to SES-6: how a page gets a session, what it is good for, and how it ends.

use scenarios::tenant::{Page, chat, merge};
use scenarios::{Gate, Mocks, ORIGIN, Tenant, Value, json};

fn tenant(patch: Value) -> Tenant {
    Tenant::new(Gate::shared(), patch)
}

fn ask() -> Value {
    json!({"channel": "widget", "consent": true})
}

fn with(patch: Value) -> Value {
    let mut body = ask();
    merge(&mut body, patch);
    body
}

#[test]
fn ses_1_a_page_gets_a_short_lived_session() {
    let tenant = tenant(json!({}));
    let session = tenant.open_session(&ask()).expect(201);
    assert_eq!(session["tenant_id"], tenant.id.as_str());
    assert_eq!(session["mode"], "full");
    assert_eq!(session["tick_seconds"], 15);
    assert_eq!(session["capabilities"], json!(["chat", "speech", "video", "context", "jobs"]));
    assert!(session["expires_at"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')), "{session}");
    let page = Page::of(&tenant, &session);
    let seen = page.caller.get(&format!("/v1/sessions/{}", page.id)).expect(200);
    assert_eq!((&seen["id"], &seen["status"], &seen["channel"]), (&json!(page.id), &json!("active"), &json!("widget")));
    assert!(!seen.to_string().contains(&page.token), "a token is shown once");
    // The tenant's own server may open one too.
    tenant.server().post("/v1/sessions", &ask()).expect(201);
}

#[test]
fn ses_1_a_session_needs_a_key_and_an_allowed_origin() {
    let tenant = tenant(json!({}));
    let visitor = tenant.visitor();
    let open = |caller: &scenarios::Caller| caller.post("/v1/sessions", &ask());
    open(&Gate::shared().stranger().with_origin(ORIGIN)).refused(401, "unauthenticated");
    for key in ["tg_pk_unknown", "nonsense", "tg_sk_unknown"] {
        open(&visitor.clone().with_bearer(key)).refused(401, "unauthenticated");
    }
    open(&visitor.clone().without_origin()).refused(403, "forbidden");
    for origin in [
        "https://evil.example",
        "http://page.example",
        "https://page.example:8443",
        "https://page.example/",
        "https://sub.page.example",
        "https://page.example.evil.example",
        "HTTPS://PAGE.EXAMPLE",
        "null",
    ] {
        open(&visitor.clone().with_origin(origin)).refused(403, "forbidden");
    }
    let twice = visitor.call("POST", "/v1/sessions").header("origin", "https://evil.example").json(&ask()).send();
    twice.refused(403, "forbidden");
}

#[test]
fn ses_2_a_page_of_the_gate_itself_is_at_the_gates_origin() {
    // A browser leaves `Origin` out of a same-origin GET, and says so.
    let gate = Gate::shared();
    let tenant = tenant(json!({"allowed_origins": [gate.url]}));
    let visitor = tenant.visitor().with_origin(&gate.url);
    let page = Page::of(&tenant, &visitor.post("/v1/sessions", &ask()).expect(201));
    let caller = page.caller.without_origin();
    caller.call("GET", "/v1/usage").header("sec-fetch-site", "same-origin").send().expect(200);
    caller.call("GET", "/v1/usage").header("sec-fetch-site", "cross-site").send().refused(403, "forbidden");
    caller.call("GET", "/v1/usage").send().refused(403, "forbidden");
}

#[test]
fn ses_3_a_channel_can_be_switched_off() {
    let tenant = tenant(json!({"channels": ["portal", "landing"]}));
    let error = tenant.open_session(&ask()).refused(403, "forbidden");
    assert!(error["code"].as_str().is_some_and(|code| code.contains("channel")), "{error}");
    tenant.open_session(&with(json!({"channel": "landing"}))).expect(201);
    let error = tenant.open_session(&with(json!({"channel": "billboard"}))).refused(400, "invalid_request");
    assert_eq!(error["param"], "channel");
}

#[test]
fn ses_4_an_age_is_attested_or_there_is_no_session() {
    let tenant = tenant(json!({"minimum_age": 21}));
    for age in [json!(null), json!(20), json!(0)] {
        let error = tenant.open_session(&with(json!({"age_attested": age}))).refused(403, "forbidden");
        assert!(error["code"].as_str().is_some_and(|code| code.contains("age")), "{error}");
    }
    for age in [json!("21"), json!(-21), json!(21.5)] {
        let error = tenant.open_session(&with(json!({"age_attested": age}))).refused(400, "invalid_request");
        assert_eq!(error["param"], "age_attested", "{age}: {error}");
    }
    for age in [21, 99] {
        tenant.open_session(&with(json!({"age_attested": age}))).expect(201);
    }
}

#[test]
fn ses_5_consent_is_recorded_or_there_is_no_session() {
    let strict = tenant(json!({}));
    for body in [json!({"channel": "widget"}), with(json!({"consent": false}))] {
        let error = strict.open_session(&body).refused(403, "forbidden");
        assert!(error["code"].as_str().is_some_and(|code| code.contains("consent")), "{error}");
    }
    let error = strict.open_session(&with(json!({"consent": "yes"}))).refused(400, "invalid_request");
    assert_eq!(error["param"], "consent");
    let lenient = tenant(json!({"consent_required": false}));
    lenient.open_session(&json!({"channel": "widget"})).expect(201);
}

#[test]
fn ses_6_a_session_that_has_ended_opens_nothing() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let page = tenant.page();
    page.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    page.end().expect(204);
    page.end().expect(204);
    page.caller.post("/v1/chat/completions", &chat("Hello?")).refused(401, "unauthenticated");
    page.tick("chat").refused(401, "unauthenticated");
    page.caller.get("/v1/usage").refused(401, "unauthenticated");
    let seen = tenant.server().get(&format!("/v1/sessions/{}", page.id)).expect(200);
    assert_eq!((&seen["status"], &seen["ended_by"]), (&json!("ended"), &json!("page")));
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1);

    // The tenant can end it too.
    let other = tenant.page();
    tenant.server().delete(&format!("/v1/sessions/{}", other.id)).expect(204);
    other.caller.post("/v1/chat/completions", &chat("Hello?")).refused(401, "unauthenticated");
}

#[test]
fn ses_2_an_altered_token_is_no_token() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let (page, other) = (tenant.page(), tenant.page());
    let flip = |text: &str, at: usize| {
        let replaced = if text.as_bytes()[at] == b'a' { "b" } else { "a" };
        format!("{}{replaced}{}", &text[..at], &text[at + 1..])
    };
    let (head, secret) = page.token.rsplit_once('.').unwrap();
    let (other_head, _) = other.token.rsplit_once('.').unwrap();
    for token in [
        flip(&page.token, page.token.len() - 1),
        flip(&page.token, head.len() + 1),
        page.token[..page.token.len() - 1].to_owned(),
        format!("{}0", page.token),
        format!("{head}."),
        format!("{other_head}.{secret}"),
        page.token.to_uppercase(),
        page.id.clone(),
    ] {
        let answer = page.caller.clone().with_bearer(&token).post("/v1/chat/completions", &chat("Hello"));
        answer.refused(401, "unauthenticated");
    }
    Mocks::shared().assert_not_called(&tenant);
    // One page's token doesn't end another page's session.
    let answer = page.caller.delete(&format!("/v1/sessions/{}", other.id));
    assert!(matches!(answer.status, 403 | 404), "{}", answer.text());
    other.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
}

#[test]
fn ses_1_bad_bodies_name_the_field() {
    let tenant = tenant(json!({}));
    let check = |body: Value, param: Option<&str>| {
        let error = tenant.open_session(&body).refused(400, "invalid_request");
        assert_eq!(error["param"].as_str(), param, "{body} -> {error}");
    };
    check(json!({}), Some("channel"));
    check(with(json!({"channel": 1})), Some("channel"));
    check(with(json!({"channel": ""})), Some("channel"));
    check(with(json!({"user_token": 5})), Some("user_token"));
    for body in ["", "{", "null", "[]"] {
        let answer = tenant.visitor().call("POST", "/v1/sessions").bytes("application/json", body).send();
        answer.refused(400, "invalid_request");
    }
}
