//! PRX-2, PRX-3: chat, streamed and not, passed on as it comes and metered as it passes.

use std::time::Duration;

use scenarios::amounts::MODEL;
use scenarios::sse::Chunks;
use scenarios::tenant::{chat, merge, streamed_chat};
use scenarios::{Books, Gate, Mocks, Tenant, json};

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

#[test]
fn prx_2_an_answer_in_one_piece_is_openais() {
    let tenant = tenant();
    let page = tenant.page();
    let answer = page.caller.post("/v1/chat/completions", &chat("How are you?"));
    let body = answer.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], MODEL);
    assert!(
        body["choices"][0]["message"]["content"].as_str().is_some_and(|text| text.contains("How are you?")),
        "{body}"
    );
    assert!(body["usage"]["total_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{body}");
    answer.limit_check_id();
    assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
    assert_eq!(answer.header("x-tollgate-provider"), Some("openai"));
    assert_eq!(answer.header("x-tollgate-mode"), Some("full"));

    // PRX-1: the vendor got the tenant's key, and nothing that the page authenticated itself with.
    let calls = Mocks::shared().calls_of(&tenant);
    assert_eq!(calls.len(), 1, "{calls:?}");
    let text = calls[0].to_string();
    for not_the_vendors in [&page.token, &tenant.secret_key, &tenant.publishable_key] {
        assert!(!text.contains(not_the_vendors.as_str()), "{text}");
    }
    let names = calls[0]["header_names"].to_string();
    for name in ["origin", "cookie", "x-forwarded-for", "spin-client-addr", "spin-full-url"] {
        assert!(!names.contains(&format!("\"{name}\"")), "{names}");
    }
}

#[test]
fn prx_3_a_stream_arrives_while_the_vendor_is_still_speaking() {
    let tenant = tenant();
    let page = tenant.page();
    let call = page.caller.call("POST", "/v1/chat/completions").json(&streamed_chat("Tell me [[slow]]"));
    let mut stream = call.open();
    assert_eq!(stream.status(), 200);
    assert!(stream.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")));
    let id = stream.header("x-limit-check-id").unwrap().to_owned();

    let first = stream.try_read().unwrap().expect("a first chunk");
    let call = &Mocks::shared().calls_of(&tenant)[0];
    assert_eq!(call["finished"], false, "the first bytes came before the vendor's last: {call}");

    let (rest, ended) = stream.read_all();
    assert!(ended && rest.len() >= 3, "{} more reads", rest.len());
    let body = [first, rest.concat()].concat();
    let chunks = Chunks::parse(&body);
    assert!(chunks.done, "data: [DONE]");
    assert!(chunks.content().contains("Tell me"), "{}", chunks.content());
    let usage = chunks.usage().expect("the final usage chunk");
    let tokens = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();

    let server = tenant.server();
    let entry = Books(&server).entry(&id);
    assert_eq!((&entry["units_consumed"], &entry["unit_type"]), (&json!(tokens), &json!("tokens")));
}

#[test]
fn prx_2_auto_and_the_tenants_own_server() {
    let tenant = tenant();
    let mut request = chat("Which model are you?");
    merge(&mut request, json!({"model": "auto"}));
    let answer = tenant.server().post("/v1/chat/completions", &request);
    assert_eq!(answer.expect(200)["model"], MODEL, "the model that the tenant has chosen");
    let models = tenant.server().get("/v1/models").expect(200);
    assert_eq!(models["object"], "list");
    let offered = models["data"].as_array().unwrap();
    assert!(offered.iter().any(|model| model["id"] == MODEL), "{models}");
}

#[test]
fn prx_3_a_page_that_leaves_stops_the_vendor_and_still_pays() {
    let tenant = tenant();
    let page = tenant.page();
    let call = page.caller.call("POST", "/v1/chat/completions").json(&streamed_chat("Go on [[slow]] [[long]]"));
    let mut stream = call.open();
    let id = stream.header("x-limit-check-id").unwrap().to_owned();
    stream.try_read().unwrap().expect("a first chunk");
    drop(stream);

    // The bound is a second; the rest is for the question itself.
    let call = Mocks::shared()
        .call_when(&tenant, "/chat/completions", Duration::from_millis(1_500), |call| call["aborted"] == true);
    assert_eq!(call["finished"], false);
    let server = tenant.server();
    let books = Books(&server);
    let cost = books.cost(&id);
    let money = books.settled_money();
    assert!(cost > 0, "what was heard is paid");
    assert_eq!(money.settled, cost);
}

#[test]
fn prx_3_a_page_that_leaves_before_the_answer_begins_still_resolves_its_permit() {
    let tenant = tenant();
    let page = tenant.page();
    // The connection goes while the vendor is thinking: no head has come yet.
    let body = streamed_chat("Hello [[delay:3000]]").to_string();
    let mut connection = scenarios::raw::connect(&Gate::shared().url);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {}\r\norigin: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        page.token,
        scenarios::ORIGIN,
        body.len(),
    );
    std::io::Write::write_all(&mut connection, head.as_bytes()).unwrap();
    Mocks::shared().call_when(&tenant, "/chat/completions", Duration::from_secs(5), |_| true);
    drop(connection);
    let server = tenant.server();
    let books = Books(&server);
    let money = books.settled_money();
    assert_eq!(books.entries().len(), 1, "the vendor was called, so it counts: {money:?}");
    assert!(money.settled > 0, "{money:?}");
}

#[test]
fn lim_3_a_model_without_a_price_is_refused_and_never_free() {
    let tenant = tenant();
    for model in ["gpt-4.1", "gpt-5.4", "no-such-model"] {
        let mut request = chat("Hello");
        merge(&mut request, json!({"model": model}));
        let answer = tenant.server().post("/v1/chat/completions", &request);
        let error = answer.refused(400, "invalid_request");
        assert_eq!((&error["code"], &error["param"]), (&json!("unpriced"), &json!("model")), "{error}");
    }
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(Books(&tenant.server()).money().settled, 0);
}

#[test]
fn prx_2_a_capability_that_the_tenant_has_not_is_refused() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"capabilities": ["speech"]}));
    let page = tenant.page();
    page.caller.post("/v1/chat/completions", &chat("Hello")).refused(403, "forbidden");
    tenant.server().post("/v1/chat/completions", &chat("Hello")).refused(403, "forbidden");
    Mocks::shared().assert_not_called(&tenant);
}

#[test]
fn prx_1_without_a_binding_nothing_is_called() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let answer = tenant.server().post("/v1/chat/completions", &chat("Hello"));
    assert!((400..=503).contains(&answer.status) && answer.status != 500, "{} {}", answer.status, answer.text());
    let money = Books(&tenant.server()).settled_money();
    assert_eq!((money.settled, money.held), (0, 0));
}
