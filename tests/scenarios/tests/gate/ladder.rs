//! RTR-2: down a route's ladder, vendor by vendor, to the tenant's own words.

use scenarios::sse::Chunks;
use scenarios::tenant::{ORIGIN, merge};
use scenarios::{Answer, Books, Mocks, Tenant, Value, json};

use crate::many_vendors::{
    ANTHROPIC, DEEPSEEK, GEMINI, OPENAI, Vendor, ask, ask_streamed, calls_to, fault, gate, tenant,
};
use crate::routing::{WORDS, answered_by, books, check_answer, in_order, post, two_routes};

#[test]
fn rtr_2_the_next_rung_answers_when_a_vendor_is_down() {
    let tenant = tenant(two_routes());
    let first = check_answer(&tenant, "fast", OPENAI, 0);
    fault(&tenant, OPENAI, json!({"status": 503}));
    let second = check_answer(&tenant, "fast", ANTHROPIC, 1);
    assert_eq!(calls_to(&tenant, OPENAI).len(), 2, "a rung with another below it is tried once");
    fault(&tenant, ANTHROPIC, json!({"status": 401}));
    let third = check_answer(&tenant, "fast", GEMINI, 2);
    let cost = |vendor: Vendor, answer: &Answer| vendor.cost_of(&answer.json()["usage"]);
    let paid = cost(OPENAI, &first) + cost(ANTHROPIC, &second) + cost(GEMINI, &third);
    assert_eq!(books(&tenant), (paid, 3), "who failed is not paid, and its permit is given back");

    // Streamed as well; and the answer's permit is the one of who answered.
    let streamed = post(&tenant, &ask_streamed("fast", "Hello"));
    assert_eq!(answered_by(&streamed).0, "gemini");
    let chunks = Chunks::parse(&streamed.body);
    assert!(chunks.done);
    let entry = Books(&tenant.server()).entry(&streamed.limit_check_id());
    assert_eq!(
        (&entry["provider"], &entry["cost_nanos"]),
        (&json!("gemini"), &json!(GEMINI.cost_of(chunks.usage().unwrap())))
    );

    // A page may read these headers, too.
    let page = tenant.page();
    let answer = page.caller.post("/v1/chat/completions", &ask("fast", "Hello"));
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
    for name in ["x-tollgate-provider", "x-tollgate-rung", "x-tollgate-route", "x-tollgate-decision-us"] {
        assert!(exposed.contains(name), "{name} is not in {exposed:?}");
    }
}

#[test]
fn rtr_2_when_all_are_down_the_template_answers_for_nothing() {
    let tenant = tenant(two_routes());
    let answer = post(&tenant, &ask("fast", "Hello [[fault:500]]"));
    let body = answer.expect(200);
    assert_eq!(answer.header("x-tollgate-provider"), Some("static"));
    assert_eq!(answer.header("x-tollgate-route"), Some("fast"));
    assert!(answer.header("x-tollgate-decision-us").is_some(), "{answer:?}");
    assert_eq!(answer.header("x-limit-check-id"), None, "nothing was reserved for it");
    assert_eq!(
        (&body["object"], &body["choices"][0]["message"]["content"]),
        (&json!("chat.completion"), &json!(WORDS))
    );
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["total_tokens"], 0);

    let answer = post(&tenant, &ask_streamed("fast", "Hello [[fault:500]]"));
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let chunks = Chunks::parse(&answer.body);
    assert!(chunks.done && chunks.content() == WORDS, "{}", answer.text());
    assert_eq!(chunks.usage().unwrap()["total_tokens"], 0);
    for vendor in [OPENAI, ANTHROPIC, GEMINI] {
        assert_eq!(calls_to(&tenant, vendor).len(), 2, "{}: each was tried once per request", vendor.name);
    }
    assert_eq!(books(&tenant), (0, 0), "nothing charged, nothing held, no entry");
}

#[test]
fn rtr_2_without_a_template_the_last_failure_is_told() {
    let mut route = in_order(&[OPENAI, GEMINI]);
    merge(&mut route, json!({"weights": {"latency": 1}}));
    let tenant = tenant(json!({"routes": {"auto": route}}));
    fault(&tenant, OPENAI, json!({"status": 503}));
    fault(&tenant, GEMINI, json!({"status": 401}));
    let error = post(&tenant, &ask("auto", "Hello")).refused(502, "vendor_error");
    assert_eq!(error["code"], "invalid_key", "the last rung's: {error}");
    assert_eq!(books(&tenant), (0, 0));
}

#[test]
fn rtr_2_what_no_other_vendor_would_lift_does_not_go_down_the_ladder() {
    // A cap that is reached.
    let mut patch = two_routes();
    merge(&mut patch, json!({"limits": {"monthly_cost_usd": "0.000001"}}));
    let poor = tenant(patch);
    post(&poor, &ask("fast", "Hello")).refused(402, "hard_cap");
    Mocks::shared().assert_not_called(&poor);
    assert_eq!(books(&poor), (0, 0));

    // A request that makes no sense.
    let other = tenant(two_routes());
    let error = post(&other, &json!({"model": "fast", "messages": 7})).refused(400, "invalid_request");
    assert_eq!(error["param"], "messages", "{error}");
    Mocks::shared().assert_not_called(&other);
}

#[test]
fn rtr_2_a_rung_that_is_not_bound_or_has_no_price_is_none() {
    let mut route = in_order(&[OPENAI, ANTHROPIC]);
    route["rungs"].as_array_mut().unwrap().insert(0, json!({"provider": "openai", "model": "gpt-5.5"}));
    let mut tenant = Tenant::new(gate(), json!({"routes": {"auto": route}}));
    tenant.bind(gate(), "anthropic", Mocks::shared(), json!({}));
    check_answer(&tenant, "auto", ANTHROPIC, 0);
}

#[test]
fn rtr_2_a_repeat_gets_the_answer_of_whoever_answered() {
    let tenant = tenant(two_routes());
    let server = tenant.server();
    let keyed = |key: &str, body: &Value| {
        server.call("POST", "/v1/chat/completions").header("idempotency-key", key).json(body).send()
    };
    fault(&tenant, OPENAI, json!({"status": 500, "times": 1}));
    for (key, body) in [("whole", ask("fast", "Hello")), ("streamed", ask_streamed("fast", "Hello"))] {
        fault(&tenant, OPENAI, json!({"status": 500, "times": 1}));
        let (first, again) = (keyed(key, &body), keyed(key, &body));
        assert_eq!(answered_by(&first).0, "anthropic");
        assert_eq!((again.status, &again.body), (200, &first.body), "{key}");
        assert_eq!(again.limit_check_id(), first.limit_check_id());
        assert_eq!(again.header("x-tollgate-provider"), Some("anthropic"));
    }
    assert_eq!((calls_to(&tenant, OPENAI).len(), calls_to(&tenant, ANTHROPIC).len()), (2, 2));
    assert_eq!(books(&tenant).1, 2);

    // The template's words are an answer, too.
    let body = ask("fast", "Hello [[fault:500]]");
    let (first, again) = (keyed("template", &body), keyed("template", &body));
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(calls_to(&tenant, GEMINI).len(), 1);

    // Where it costs and then fails, the key is spent: the first rung's answer is cut and paid, the others refuse.
    let tenant = self::tenant(json!({"routes": {"auto": in_order(&[OPENAI, DEEPSEEK])}}));
    let server = tenant.server();
    fault(&tenant, OPENAI, json!({"content_type": "text/html"}));
    fault(&tenant, DEEPSEEK, json!({"status": 401}));
    let keyed = || {
        let call = server.call("POST", "/v1/chat/completions").header("idempotency-key", "spent");
        call.json(&ask("auto", "Hello")).send()
    };
    let first = keyed();
    first.refused(502, "vendor_error");
    let paid = books(&tenant);
    assert!(paid.0 > 0 && paid.1 == 1, "{paid:?}");
    let again = keyed();
    assert_eq!((again.status, &again.body), (502, &first.body), "the same words");
    assert_eq!(books(&tenant), paid, "a repeat doesn't charge again");
    assert_eq!(calls_to(&tenant, OPENAI).len(), 1);
}

fn rebind(tenant: &Tenant, vendor: Vendor, patch: Value) {
    let mut binding = json!({"secret": tenant.vendor_secrets[vendor.name]});
    merge(&mut binding, patch);
    tenant.clone().bind(gate(), vendor.name, Mocks::shared(), binding);
}

#[test]
fn rtr_2_a_rung_whose_breaker_is_open_is_passed_over_and_the_rate_still_counts() {
    let mut patch = two_routes();
    merge(&mut patch, json!({"limits": {"requests_per_minute": 3, "request_burst": 3}}));
    let tenant = tenant(patch);
    rebind(&tenant, OPENAI, json!({"options": {"breaker_failures": 1, "breaker_seconds": 600}}));
    fault(&tenant, OPENAI, json!({"status": 500}));
    for _ in 0..3 {
        // The first of them falls from one rung to the next, and counts once all the same.
        check_answer(&tenant, "fast", ANTHROPIC, 1);
    }
    assert_eq!(calls_to(&tenant, OPENAI).len(), 1, "after that it is left alone");
    post(&tenant, &ask("fast", "Hello")).refused(429, "rate_limited");
    assert_eq!(books(&tenant).1, 3);
}

#[test]
fn rtr_2_a_rung_that_got_lost_is_paid_and_the_next_one_answers() {
    let tenant = tenant(two_routes());
    // It takes the request and hangs up.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    rebind(&tenant, OPENAI, json!({"base_url": format!("http://{}/v1", listener.local_addr().unwrap())}));
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            drop(crate::spelling_vendor::read(&mut connection));
        }
    });
    let answer = check_answer(&tenant, "fast", ANTHROPIC, 1);
    let (settled, entries) = books(&tenant);
    let entry = Books(&tenant.server()).entry(&answer.limit_check_id());
    let answered = entry["cost_nanos"].as_i64().unwrap();
    assert_eq!(answered, ANTHROPIC.cost_of(&answer.json()["usage"]));
    assert_eq!(entries, 2, "the vendor that got lost may have done the work");
    assert!(settled - answered > 64 * OPENAI.prices[2], "in full: {settled}, {answered}");
}

#[test]
fn rtr_2_what_is_masked_stays_masked_down_the_ladder() {
    let mut patch = two_routes();
    merge(&mut patch, json!({"privacy": {"mask": ["email"]}}));
    let tenant = tenant(patch);
    fault(&tenant, OPENAI, json!({"status": 500}));
    for body in [ask("fast", "I am ada@example.com"), ask_streamed("fast", "I am ada@example.com")] {
        let answer = post(&tenant, &body);
        assert_eq!(answered_by(&answer).0, "anthropic");
        assert!(answer.text().contains("ada@example.com") && !answer.text().contains("[EMAIL_1]"), "{}", answer.text());
    }
    for vendor in [OPENAI, ANTHROPIC] {
        let calls = calls_to(&tenant, vendor);
        assert_eq!(calls.len(), 2);
        for call in calls {
            let sent = call["body"].to_string();
            assert!(sent.contains("[EMAIL_1]") && !sent.contains("ada@"), "{}: {sent}", vendor.name);
        }
    }
}
