//! What a vendor can do wrong: the page gets the documented error or a closed stream, the permit is always settled and
//! never for more than was reserved, and nothing of the vendor's own words or keys comes through.

use std::time::{Duration, Instant};

use scenarios::amounts::{INPUT_TOKEN, OUTPUT_TOKEN};
use scenarios::tenant::{chat, streamed_chat};
use scenarios::{Answer, Books, Gate, Mocks, Tenant, Value, json};

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

/// An upper bound of what the gate reserves for a request: a token per byte, and what each message adds.
fn reserved_at_most(request: &Value) -> i64 {
    let bytes = i64::try_from(request.to_string().len()).unwrap() + 400;
    bytes * INPUT_TOKEN + 64 * OUTPUT_TOKEN
}

/// Nothing is held any more, and what was charged is within the reservation and in the log.
#[track_caller]
fn assert_settled(tenant: &Tenant, request: &Value) -> i64 {
    let server = tenant.server();
    let books = Books(&server);
    let money = books.settled_money();
    let bound = reserved_at_most(request);
    assert!((0..=bound).contains(&money.settled), "{money:?}, reserved at most {bound}");
    Gate::shared().maintain();
    let entries = books.entries();
    let logged: i64 = entries.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
    assert_eq!(logged, money.settled, "{entries:?}");
    money.settled
}

#[track_caller]
fn assert_nothing_leaked(tenant: &Tenant, said: &str) {
    for secret in tenant.vendor_secrets.values() {
        assert!(!said.contains(secret), "the vendor's key: {said}");
    }
    for words in [
        "Rate limit reached",
        "The server had an error",
        "Incorrect API key",
        "your current quota",
        "garbled\n",
        "127.0.0.1",
    ] {
        assert!(!said.contains(words), "the vendor's words: {said}");
    }
}

fn ask(tenant: &Tenant, request: &Value) -> Answer {
    tenant.server().post("/v1/chat/completions", request)
}

#[test]
fn prx_5_a_vendors_refusal_is_a_502_and_costs_nothing() {
    let check = |fault: &str| {
        let tenant = tenant();
        let request = chat(&format!("Hello [[{fault}]]"));
        let asked = Instant::now();
        let answer = ask(&tenant, &request);
        let error = answer.refused(502, "vendor_error");
        assert!(asked.elapsed() < Duration::from_secs(45), "{fault}: {:?}", asked.elapsed());
        assert!(error["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{error}");
        assert_nothing_leaked(&tenant, &answer.text());
        assert_eq!(assert_settled(&tenant, &request), 0, "{fault}: the vendor did nothing");
        let calls = Mocks::shared().calls_of(&tenant).len();
        assert!((1..=6).contains(&calls), "{fault}: one call and at most five repeats, not {calls}");
    };
    std::thread::scope(|scope| {
        for fault in ["fault:429", "fault:400", "fault:401", "fault:402", "fault:403", "fault:404"] {
            scope.spawn(move || check(fault));
        }
    });
}

#[test]
fn prx_5_a_vendors_breakdown_is_a_502_and_settled() {
    let check = |fault: &str, streamed: bool| {
        let tenant = tenant();
        let text = format!("Hello [[{fault}]]");
        let request = if streamed { streamed_chat(&text) } else { chat(&text) };
        let answer = ask(&tenant, &request);
        answer.refused(502, "vendor_error");
        assert_nothing_leaked(&tenant, &answer.text());
        assert_settled(&tenant, &request);
    };
    std::thread::scope(|scope| {
        for fault in ["fault:500", "fault:503", "fault:html", "fault:301"] {
            scope.spawn(move || check(fault, true));
            scope.spawn(move || check(fault, false));
        }
        // What comes in one piece can still be refused when its body breaks.
        for fault in ["fault:cut", "fault:garble"] {
            scope.spawn(move || check(fault, false));
        }
    });
}

#[test]
fn prx_4_a_broken_stream_is_closed_without_done_and_settled() {
    let check = |fault: &str| {
        let tenant = tenant();
        let request = streamed_chat(&format!("Hello [[{fault}]]"));
        let mut stream = tenant.server().call("POST", "/v1/chat/completions").json(&request).open();
        assert_eq!(stream.status(), 200, "{fault}");
        let (chunks, _) = stream.read_all();
        let said = String::from_utf8_lossy(&chunks.concat()).into_owned();
        assert!(!said.contains("[DONE]"), "{fault}: the page must not take this for a whole answer");
        assert_nothing_leaked(&tenant, &said);
        assert!(assert_settled(&tenant, &request) > 0, "{fault}: the vendor had begun");
    };
    std::thread::scope(|scope| {
        for fault in ["fault:cut", "fault:garble", "fault:error"] {
            scope.spawn(move || check(fault));
        }
    });
}

#[test]
fn prx_4_an_endless_stream_ends_at_the_size_cap() {
    let mocks = Mocks::start();
    mocks.control().post("/control", &json!({"pace": {"token_ms": 0}})).expect(200);
    let tenant = Tenant::at(Gate::shared(), &mocks, json!({}));
    let request = streamed_chat("Hello [[fault:endless]]");
    let mut stream = tenant.server().call("POST", "/v1/chat/completions").json(&request).open();
    assert_eq!(stream.status(), 200);
    let (chunks, _) = stream.read_all();
    let bytes: usize = chunks.iter().map(Vec::len).sum();
    assert!((1..16 * 1024 * 1024).contains(&bytes), "{bytes} bytes of 64 tokens");
    mocks.call_when(&tenant, "/chat/completions", Duration::from_secs(2), |call| call["aborted"] == true);
    assert!(assert_settled(&tenant, &request) > 0);
}

/// Slow on purpose: the gate waits a minute for a vendor's first byte.
#[test]
fn prx_4_a_vendor_that_never_answers_is_a_504() {
    let tenant = tenant();
    let request = chat("Hello [[fault:hang]]");
    let asked = Instant::now();
    let answer = ask(&tenant, &request);
    answer.refused(504, "vendor_timeout");
    assert!(asked.elapsed() < Duration::from_secs(75), "{:?}", asked.elapsed());
    assert_settled(&tenant, &request);
}

#[test]
fn prx_4_a_vendor_that_is_not_there_is_a_502_and_costs_nothing() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gate = Gate::shared();
    let mut tenant = tenant();
    let gone = json!({"base_url": format!("http://127.0.0.1:{port}/v1")});
    tenant.bind(gate, "openai", Mocks::shared(), gone);
    let request = chat("Hello");
    ask(&tenant, &request).refused(502, "vendor_error");
    assert_eq!(assert_settled(&tenant, &request), 0);
}
