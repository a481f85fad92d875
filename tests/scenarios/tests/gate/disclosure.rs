//! TWN-5: visitors know that they meet an AI: by what is shown, and, where a law asks for it, by what is said.

use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

fn under(law: Value) -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({"disclosure": law}))
}

fn speak(caller: &scenarios::Caller, text: &str) -> Option<String> {
    let mut stream = caller.call("POST", "/v1/speech").json(&json!({"text": text})).open();
    assert_eq!(stream.status(), 200);
    let header = stream.header("x-ai-disclosure").map(str::to_owned);
    stream.read_all();
    header
}

/// What the vendor was asked to say, one text a call.
fn said(tenant: &Tenant) -> Vec<String> {
    let calls = Mocks::shared().calls_of(tenant);
    let of_speech = calls.iter().filter(|call| call["vendor"] == "elevenlabs");
    of_speech.map(|call| call["body"]["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn twn_5_a_law_cannot_be_switched_off() {
    let gate = Gate::shared();
    let tenant = under(json!({"law": "eu"}));
    let path = format!("/v1/tenants/{}", tenant.id);
    let check = |disclosure: Value, param: &str| {
        let error = gate.admin().patch(&path, &json!({"disclosure": disclosure})).refused(400, "invalid_request");
        assert_eq!(error["param"], param, "{error}");
    };
    check(json!({"show": false}), "disclosure.show");
    check(json!({"spoken": false}), "disclosure.spoken");
    check(json!({"law": "atlantis"}), "disclosure.law");
    let page = tenant.page();
    let chat = page.caller.post("/v1/chat/completions", &scenarios::tenant::chat("Hello"));
    assert_eq!(chat.header("x-ai-disclosure"), Some("AI Host"));
    let video = page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    assert_eq!(video["disclosure"], "AI Host");
    // Without the law it can be taken off, as ever.
    gate.admin().patch(&path, &json!({"disclosure": {"law": null, "show": false}})).expect(200);
    let chat = page.caller.post("/v1/chat/completions", &scenarios::tenant::chat("Hello"));
    assert_eq!(chat.header("x-ai-disclosure"), None);
}

#[test]
fn twn_5_the_first_speech_of_a_session_says_it_and_is_paid_for() {
    let tenant = under(json!({"law": "us-ut", "label": "Here speaks an AI"}));
    let (one, two) = (tenant.page(), tenant.page());
    for (page, text) in [(&one, "Hello"), (&one, "Again"), (&two, "Hello")] {
        assert_eq!(speak(&page.caller, text).as_deref(), Some("Here speaks an AI"));
    }
    // A server speaks without a session: it has the header, and tells its listeners itself.
    assert_eq!(speak(&tenant.server(), "From the server").as_deref(), Some("Here speaks an AI"));
    let expected = ["Here speaks an AI. Hello", "Again", "Here speaks an AI. Hello", "From the server"];
    assert_eq!(said(&tenant), expected);
    let server = tenant.server();
    Books(&server).settled_money();
    Gate::shared().maintain();
    let mut units: Vec<u64> =
        Books(&server).entries().iter().filter_map(|entry| entry["units_consumed"].as_u64()).collect();
    let mut paid: Vec<u64> = expected.iter().map(|text| text.chars().count() as u64).collect();
    units.sort_unstable();
    paid.sort_unstable();
    assert_eq!(units, paid, "the label is metered as any text is");
}

#[test]
fn twn_5_a_speech_that_did_not_go_out_is_said_again() {
    let tenant = under(json!({"law": "eu"}));
    let page = tenant.page();
    // The vendor breaks off in the middle: nobody knows whether the label was heard.
    page.caller.call("POST", "/v1/speech").json(&json!({"text": "[[fault:cut]]"})).open().read_all();
    speak(&page.caller, "Hello");
    speak(&page.caller, "Hello");
    assert_eq!(said(&tenant), ["AI Host. [[fault:cut]]", "AI Host. Hello", "Hello"]);
}
