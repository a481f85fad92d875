//! ADP-1, PRX-1, PRX-2: every chat vendor answers in OpenAI's shape, streamed and not, and costs what its own numbers say.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use scenarios::sse::Chunks;
use scenarios::tenant::merge;
use scenarios::{Answer, Books, Tenant, Value, json};

use crate::many_vendors::{
    ANTHROPIC, DEEPSEEK, GEMINI, OPENAI, VENDORS, Vendor, ask, ask_streamed, calls_to, gate, price_row, put_prices,
    tenant, tokens,
};

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn for_each_vendor(check: impl Fn(Vendor) + Sync) {
    std::thread::scope(|scope| {
        for vendor in VENDORS {
            let check = &check;
            scope.spawn(move || check(vendor));
        }
    });
}

#[track_caller]
fn complete(tenant: &Tenant, body: &Value) -> Answer {
    let answer = tenant.server().post("/v1/chat/completions", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// The permit cost what the vendor's numbers cost, its entry says so, and nothing is held.
#[track_caller]
fn assert_paid(tenant: &Tenant, vendor: Vendor, limit_check_id: &str, usage: &Value) {
    let server = tenant.server();
    let entry = Books(&server).entry(limit_check_id);
    let units: i64 = tokens(usage).iter().sum();
    let expected = json!({
        "tenant_id": tenant.id, "provider": vendor.name, "model": vendor.model, "capability": "chat",
        "unit_type": "tokens", "units_consumed": units, "cost_nanos": vendor.cost_of(usage), "settlement": "exact",
        "limit_check_id": limit_check_id,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&entry[field], value, "{}: {field} in {entry}, usage {usage}", vendor.name);
    }
    assert_eq!(Books(&server).settled_money().held, 0);
}

#[test]
fn adp_1_every_vendors_whole_answer_is_openais_and_costs_its_own_numbers() {
    for_each_vendor(|vendor| {
        let tenant = tenant(json!({}));
        let answer = complete(&tenant, &ask(vendor.model, "How are you today, my friend? [[cached]]"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-tollgate-provider"), Some(vendor.name));
        let body = answer.json();
        assert!(body["id"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
        assert_eq!((&body["object"], &body["model"]), (&json!("chat.completion"), &json!(vendor.model)), "{body}");
        assert!(body["created"].is_u64(), "{body}");
        let choice = &body["choices"][0];
        assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("stop")), "{body}");
        assert_eq!(choice["message"]["role"], "assistant");
        let text = choice["message"]["content"].as_str().unwrap();
        assert!(text.contains("You said: “How are you today, my friend?”"), "{text}");
        let usage = &body["usage"];
        let [input, cached, output] = tokens(usage);
        assert!(input > 0 && cached > 0 && output > 0, "{}: {usage}", vendor.name);
        assert_eq!(usage["total_tokens"], input + cached + output, "{usage}");
        assert_paid(&tenant, vendor, &answer.limit_check_id(), usage);
    });
}

#[test]
fn adp_1_every_vendors_stream_is_openais_and_costs_its_own_numbers() {
    for_each_vendor(|vendor| {
        let tenant = tenant(json!({}));
        let answer = complete(&tenant, &ask_streamed(vendor.model, "How are you today, my friend? [[cached]]"));
        assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")));
        let chunks = Chunks::parse(&answer.body);
        assert!(chunks.done, "{}: [DONE]", vendor.name);
        assert!(chunks.content().contains("You said: “How are you today, my friend?”"), "{}", chunks.content());
        for event in &chunks.events {
            assert_eq!(event["object"], "chat.completion.chunk", "{event}");
            assert!(event["id"].as_str().is_some_and(|id| !id.is_empty()), "{event}");
            // The mock of Gemini names each event anew.
            if vendor.name != GEMINI.name {
                assert_eq!(event["id"], chunks.events[0]["id"], "one id: {event}");
            }
            assert_eq!(event["model"], vendor.model, "{event}");
        }
        assert_eq!(chunks.events[0]["choices"][0]["delta"]["role"], "assistant", "{}", chunks.events[0]);
        let reasons: Vec<&str> =
            chunks.events.iter().filter_map(|event| event["choices"][0]["finish_reason"].as_str()).collect();
        assert_eq!(reasons, ["stop"], "{}", vendor.name);
        assert_eq!(chunks.events.last().unwrap()["choices"], json!([]), "the usage comes without an answer");
        let usage = chunks.usage().expect("the final usage chunk");
        assert!(tokens(usage).iter().all(|tokens| *tokens > 0), "{}: {usage}", vendor.name);
        assert_paid(&tenant, vendor, &answer.limit_check_id(), usage);
    });
}

#[test]
fn adp_1_an_answer_that_is_too_long_says_so() {
    for_each_vendor(|vendor| {
        let tenant = tenant(json!({}));
        let mut body = ask(vendor.model, "Hello");
        merge(&mut body, json!({"max_tokens": 5}));
        let answer = complete(&tenant, &body).json();
        assert_eq!(answer["choices"][0]["finish_reason"], "length", "{answer}");
        assert_eq!(answer["usage"]["completion_tokens"], 5, "{answer}");
        merge(&mut body, json!({"stream": true}));
        let chunks = Chunks::parse(&complete(&tenant, &body).body);
        let last = chunks.events.iter().filter_map(|event| event["choices"][0]["finish_reason"].as_str()).next_back();
        assert_eq!(last, Some("length"), "{}", vendor.name);
    });
}

fn with_tool(mut body: Value) -> Value {
    let parameters = json!({"type": "object", "properties": {"question": {"type": "string"}}});
    let function = json!({"name": "look_up", "description": "Looks something up.", "parameters": parameters});
    merge(&mut body, json!({"tools": [{"type": "function", "function": function}]}));
    body
}

#[test]
fn adp_1_a_tool_is_called_and_its_result_goes_back_to_every_vendor() {
    for_each_vendor(|vendor| {
        let tenant = tenant(json!({}));
        let answer = complete(&tenant, &with_tool(ask(vendor.model, "What is the tide? [[tool]]")));
        let body = answer.json();
        let choice = &body["choices"][0];
        assert_eq!(choice["finish_reason"], "tool_calls", "{body}");
        let call = choice["message"]["tool_calls"][0].clone();
        assert_eq!((&call["type"], &call["function"]["name"]), (&json!("function"), &json!("look_up")), "{body}");
        let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(arguments["question"], "What is the tide?", "{body}");
        assert_paid(&tenant, vendor, &answer.limit_check_id(), &body["usage"]);

        // Streamed, the arguments come in pieces.
        let streamed = complete(&tenant, &with_tool(ask_streamed(vendor.model, "What is the tide? [[tool]]")));
        let chunks = Chunks::parse(&streamed.body);
        let calls = chunks.events.iter().filter_map(|event| event["choices"][0]["delta"]["tool_calls"][0].as_object());
        let (mut name, mut pieces) = (String::new(), String::new());
        for call in calls {
            name += call["function"]["name"].as_str().unwrap_or_default();
            pieces += call["function"]["arguments"].as_str().unwrap_or_default();
        }
        assert_eq!(name, "look_up", "{}", vendor.name);
        assert_eq!(serde_json::from_str::<Value>(&pieces).unwrap(), arguments, "{}", vendor.name);
        let usage = chunks.usage().expect("the usage");
        assert_paid(&tenant, vendor, &streamed.limit_check_id(), usage);

        // The page does what was asked, and says what came of it.
        let mut next = with_tool(ask(vendor.model, "What is the tide?"));
        let messages = next["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "ebb-at-seventeen"}));
        messages.push(json!({"role": "user", "content": "So may I swim?"}));
        let answer = complete(&tenant, &next);
        assert_eq!(answer.json()["choices"][0]["finish_reason"], "stop");
        let calls = calls_to(&tenant, vendor);
        let sent = calls.last().unwrap()["body"].to_string();
        assert!(sent.contains("ebb-at-seventeen") && sent.contains("look_up"), "{}: {sent}", vendor.name);
    });
}

#[test]
fn adp_1_a_picture_reaches_the_vendor_in_its_own_words() {
    let message = |url: &str| json!([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]);
    let url = format!("data:image/png;base64,{PIXEL}");
    let tenant = tenant(json!({}));
    let check = |vendor: Vendor, place: &str, expected: Value| {
        let mut body = ask(vendor.model, "");
        body["messages"][0]["content"] = message(&url);
        let answer = complete(&tenant, &body);
        assert_paid(&tenant, vendor, &answer.limit_check_id(), &answer.json()["usage"]);
        let calls = calls_to(&tenant, vendor);
        assert_eq!(calls[0]["body"].pointer(place), Some(&expected), "{}: {}", vendor.name, calls[0]["body"]);
    };
    check(OPENAI, "/messages/0/content/1/image_url", json!({"url": url}));
    let source = json!({"type": "base64", "media_type": "image/png", "data": PIXEL});
    check(ANTHROPIC, "/messages/0/content/1/source", source);
    check(GEMINI, "/contents/0/parts/1/inlineData", json!({"mimeType": "image/png", "data": PIXEL}));

    // One that takes no pictures says so, and isn't asked.
    let mut body = ask(DEEPSEEK.model, "");
    body["messages"][0]["content"] = message(&url);
    let error = tenant.server().post("/v1/chat/completions", &body).refused(400, "invalid_request");
    assert!(error["param"].as_str().is_some_and(|param| param.starts_with("messages[0]")), "{error}");
    assert_eq!(calls_to(&tenant, DEEPSEEK), Vec::<Value>::new());
}

#[test]
fn prx_1_a_vendor_sees_its_own_key_and_nothing_of_the_page() {
    for_each_vendor(|vendor| {
        let tenant = tenant(json!({}));
        let page = tenant.page();
        let call = page.caller.call("POST", "/v1/chat/completions").json(&ask(vendor.model, "Hello"));
        let foreign = [("cookie", "a=b"), ("x-api-key", "page"), ("x-goog-api-key", "page"), ("x-whatever", "1")];
        let call = foreign.into_iter().fold(call, |call, (name, value)| call.header(name, value));
        call.send().expect(200);
        let calls = calls_to(&tenant, vendor);
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0]["key"], tenant.vendor_secrets[vendor.name].as_str());
        let named: BTreeSet<&str> =
            calls[0]["header_names"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
        assert!(named.contains(vendor.key_header), "{named:?}");
        let allowed = [
            "host",
            "content-type",
            "content-length",
            "accept",
            "user-agent",
            "idempotency-key",
            "transfer-encoding",
            "anthropic-version",
            vendor.key_header,
        ];
        let others: Vec<&&str> = named.iter().filter(|name| !allowed.contains(name)).collect();
        assert!(others.is_empty(), "{}: {others:?}", vendor.name);
        let text = calls[0].to_string();
        let mut secrets: Vec<&str> = vec![&page.token, &tenant.publishable_key, &tenant.secret_key];
        let of_others = |other: &(&&'static str, &String)| **other.0 != *vendor.name;
        secrets.extend(tenant.vendor_secrets.iter().filter(of_others).map(|(_, secret)| secret.as_str()));
        for secret in secrets {
            assert!(!text.contains(secret), "{}: {text}", vendor.name);
        }
    });
}

#[test]
fn prx_2_a_model_is_found_by_its_name_and_listed() {
    let tenant = tenant(json!({"routes": {"quick": {"rungs": [{"provider": "gemini", "model": GEMINI.model}]}}}));
    for vendor in VENDORS {
        let answer = complete(&tenant, &ask(vendor.model, "Who are you?"));
        assert_eq!(answer.header("x-tollgate-provider"), Some(vendor.name));
        assert_eq!(answer.header("x-tollgate-model"), Some(vendor.model));
    }
    let list = |tenant: &Tenant| {
        let models = tenant.server().get("/v1/models").expect(200);
        assert_eq!(models["object"], "list");
        let model = |model: &Value| {
            assert_eq!(model["object"], "model", "{model}");
            (model["id"].as_str().unwrap().to_owned(), model["owned_by"].as_str().unwrap().to_owned())
        };
        models["data"].as_array().unwrap().iter().map(model).collect::<BTreeSet<_>>()
    };
    let models = list(&tenant);
    for (id, owner) in
        VENDORS.map(|vendor| (vendor.model, vendor.name)).iter().chain(&[("auto", "tollgate"), ("quick", "tollgate")])
    {
        assert!(models.contains(&((*id).to_owned(), (*owner).to_owned())), "{id} of {owner} in {models:?}");
    }
    // Without a binding there is nothing to offer.
    let bare = Tenant::new(gate(), json!({}));
    assert_eq!(list(&bare), BTreeSet::from([("auto".to_owned(), "tollgate".to_owned())]));
}

#[test]
fn lim_3_a_price_may_depend_on_the_length_of_the_input_and_the_hour() {
    // Hours that hold now and for a while; others that don't.
    let minute = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60 % 1_440;
    let span = |from: u64, to: u64| {
        let clock = |minute: u64| format!("{:02}:{:02}", minute % 1_440 / 60, minute % 60);
        format!("{}-{}", clock(minute + from), clock(minute + to))
    };
    let (now, later) = (span(1_410, 60), span(300, 420));
    let flat = |model: &str, unit: &str, nanos: i64| price_row("openai", model, unit, nanos);
    let with = |mut row: Value, more: Value| {
        merge(&mut row, more);
        row
    };
    let rows = vec![
        flat("gpt-4o", "input_tokens", 11),
        flat("gpt-4o", "output_tokens", 13),
        with(flat("gpt-4o", "input_tokens", 1_100), json!({"from_input_tokens": 10})),
        with(flat("gpt-4o", "output_tokens", 1_300), json!({"from_input_tokens": 10})),
        flat("gpt-4o-mini", "input_tokens", 17),
        flat("gpt-4o-mini", "output_tokens", 19),
        with(flat("gpt-4o-mini", "input_tokens", 1_700), json!({"hours_utc": now})),
        with(flat("gpt-4o-mini", "output_tokens", 1_900), json!({"hours_utc": now})),
        flat("gpt-4.1-nano", "input_tokens", 23),
        flat("gpt-4.1-nano", "output_tokens", 29),
        with(flat("gpt-4.1-nano", "input_tokens", 2_300), json!({"hours_utc": later})),
        with(flat("gpt-4.1-nano", "output_tokens", 2_900), json!({"hours_utc": later})),
    ];
    put_prices(gate(), rows.clone());
    let listed = gate().admin().get("/v1/prices").expect(200);
    let has = |row: &Value| {
        let is_same = |listed: &Value| {
            row.as_object().unwrap().iter().all(|(name, value)| name == "usd_per_unit" || &listed[name] == value)
        };
        listed["prices"].as_array().unwrap().iter().any(is_same)
    };
    for row in &rows {
        assert!(has(row), "{row} in {listed}");
    }
    let tenant = tenant(json!({}));
    let check = |model: &str, text: &str, prices: [i64; 2]| {
        let answer = complete(&tenant, &ask(model, text));
        let [input, cached, output] = tokens(&answer.json()["usage"]);
        let cost = Books(&tenant.server()).cost(&answer.limit_check_id());
        assert_eq!(cost, (input + cached) * prices[0] + output * prices[1], "{model}: {input}, {output}");
    };
    check("gpt-4o", "Short", [11, 13]);
    check("gpt-4o", "A text that is well beyond ten tokens, by four bytes each", [1_100, 1_300]);
    check("gpt-4o-mini", "Hello", [1_700, 1_900]);
    check("gpt-4.1-nano", "Hello", [23, 29]);
    let bad = with(flat("gpt-4o", "input_tokens", 1), json!({"hours_utc": "25:00-26:00"}));
    gate().admin().put("/v1/prices", &json!({"prices": [bad]})).refused(400, "invalid_request");
}
