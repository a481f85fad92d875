//! OPS-4: a bad request is answered in the documented shape with the field's name; nothing is called or charged.

use scenarios::tenant::{chat, merge};
use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

/// The good request with `patch` over it.
fn with(patch: Value) -> Vec<u8> {
    let mut body = chat("Hello");
    merge(&mut body, patch);
    body.to_string().into_bytes()
}

fn message(fields: Value) -> Vec<u8> {
    with(json!({"messages": [fields]}))
}

#[test]
fn ops_4_bad_chat_requests_name_the_field() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let page = tenant.page();
    let check = |body: Vec<u8>, param: Option<&str>| {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let answer = page.caller.call("POST", "/v1/chat/completions").bytes("application/json", body).send();
        assert_eq!(answer.status, 400, "{shown} -> {}", answer.text());
        let error = answer.refused(400, "invalid_request");
        assert_eq!(error["param"].as_str(), param, "{shown} -> {error}");
    };
    check(Vec::new(), None);
    check(b"{".to_vec(), None);
    check(b"not json".to_vec(), None);
    check(b"[]".to_vec(), None);
    check(b"\"text\"".to_vec(), None);
    check(b"null".to_vec(), None);
    check(b"\xff\xfe{}".to_vec(), None);
    check("[".repeat(100_000).into_bytes(), None);
    check(with(json!({"model": 7})), Some("model"));
    check(with(json!({"model": ""})), Some("model"));
    check(with(json!({"model": "../../etc/passwd\n"})), Some("model"));
    check(with(json!({"model": "x".repeat(1000)})), Some("model"));
    check(with(json!({"messages": null})), Some("messages"));
    check(with(json!({"messages": "Hello"})), Some("messages"));
    check(with(json!({"messages": []})), Some("messages"));
    check(with(json!({"messages": {}})), Some("messages"));
    check(message(json!({"role": "emperor", "content": "Hello"})), Some("messages[0].role"));
    check(message(json!({"role": "user", "content": 5})), Some("messages[0].content"));
    check(message(json!({"role": "user"})), Some("messages[0].content"));
    check(message(json!({"role": "user", "content": [{"type": "smell"}]})), Some("messages[0].content[0].type"));
    check(with(json!({"n": 0})), Some("n"));
    check(with(json!({"n": -1})), Some("n"));
    check(with(json!({"n": 1000})), Some("n"));
    check(with(json!({"n": 1.5})), Some("n"));
    check(with(json!({"n": "1"})), Some("n"));
    check(with(json!({"max_tokens": 0})), Some("max_tokens"));
    check(with(json!({"max_tokens": 1_000_000_000_000_u64})), Some("max_tokens"));
    check(with(json!({"max_tokens": "many"})), Some("max_tokens"));
    check(with(json!({"stream": "yes"})), Some("stream"));
    check(with(json!({"web_search_options": {}})), Some("web_search_options"));
    check(with(json!({"tools": [{"type": "web_search"}]})), Some("tools[0].type"));
    check(with(json!({"service_tier": "priority"})), Some("service_tier"));
    check(with(json!({"modalities": ["audio"]})), Some("modalities"));
    // A field sent twice could mean one thing to the gate and another to the vendor.
    check(br#"{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"a"}],"n":1,"n":8}"#.to_vec(), None);

    for size in [2 * 1024 * 1024, 8 * 1024 * 1024] {
        let answer = page.caller.post("/v1/chat/completions", &chat(&"x".repeat(size)));
        answer.refused(413, "too_large");
    }
    Mocks::shared().assert_not_called(&tenant);
    let server = tenant.server();
    let money = Books(&server).money();
    assert_eq!((money.settled, money.held), (0, 0));
    assert_eq!(Books(&server).entries(), Vec::<Value>::new());
    page.caller.post("/v1/chat/completions", &chat("And a good one")).expect(200);
}

#[test]
fn lim_3_what_the_page_sends_cannot_lift_the_worst_case() {
    // The reservation must cover what the vendor is asked for: the limit reaches the vendor, and usage is asked for.
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let server = tenant.server();
    let mut request = chat("Hello");
    merge(&mut request, json!({"stream": true, "stream_options": {"include_usage": false}, "max_tokens": null}));
    assert_eq!(server.post("/v1/chat/completions", &request).status, 200);
    let body = Mocks::shared().calls_of(&tenant)[0]["body"].clone();
    assert_eq!(body["stream_options"]["include_usage"], true, "{body}");
    assert!(body["max_completion_tokens"].is_u64() || body["max_tokens"].is_u64(), "{body}");
    assert_eq!(body["store"], false, "{body}");
}
