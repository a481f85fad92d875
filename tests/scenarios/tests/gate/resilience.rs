//! PRX-5: repeated is only what is safe to repeat, and a vendor that keeps failing is left alone for a while.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use scenarios::wait::at_once;
use scenarios::{Answer, Books, Mocks, Tenant, Value, eventually, json};

use crate::many_vendors::{
    ANTHROPIC, OPENAI, VENDORS, Vendor, ask, ask_streamed, calls_to, fault, gate, tenant, tenant_of,
};
use crate::spelling_vendor;

fn post(tenant: &Tenant, vendor: Vendor) -> Answer {
    tenant.server().post("/v1/chat/completions", &ask(vendor.model, "Hello"))
}

/// Nothing is held, and there are so many entries.
#[track_caller]
fn assert_entries(tenant: &Tenant, expected: usize) -> i64 {
    let server = tenant.server();
    let money = Books(&server).settled_money();
    eventually("no open permit", Duration::from_secs(10), || (Books(&server).usage().open == 0).then_some(()));
    gate().maintain();
    assert_eq!(Books(&server).entries().len(), expected);
    money.settled
}

#[test]
fn prx_5_a_failure_that_is_safe_to_repeat_is_repeated_under_one_permit() {
    let check = |vendor: Vendor, failure: Value, least_ms: u64| {
        let tenant = tenant(json!({}));
        let mut once = failure.clone();
        once["times"] = json!(1);
        fault(&tenant, vendor, once);
        let answer = post(&tenant, vendor);
        let body = answer.expect(200);
        let calls = calls_to(&tenant, vendor);
        assert_eq!(calls.len(), 2, "{} {failure}: {calls:?}", vendor.name);
        assert_eq!((&calls[0]["status"], &calls[1]["status"]), (&failure["status"], &json!(200)));
        assert_eq!(calls[0]["body"], calls[1]["body"], "the same request");
        assert_eq!(calls[0]["idempotency_key"], calls[1]["idempotency_key"], "a vendor that knows repeats knows this");
        let started = |call: &Value| call["started_ms"].as_u64().unwrap();
        let pause = started(&calls[1]) - started(&calls[0]);
        assert!((least_ms..20_000).contains(&pause), "{} {failure}: {pause} ms", vendor.name);
        let cost = assert_entries(&tenant, 1);
        assert_eq!(cost, vendor.cost_of(&body["usage"]), "{} {failure}", vendor.name);
        assert_eq!(Books(&tenant.server()).cost(&answer.limit_check_id()), cost);
    };
    thread::scope(|scope| {
        for vendor in VENDORS {
            scope.spawn(move || check(vendor, json!({"status": 503, "retry_after": 1}), 1_000));
            scope.spawn(move || check(vendor, json!({"status": 500}), 500));
        }
        scope.spawn(move || check(OPENAI, json!({"status": 429, "retry_after": 2}), 2_000));
        scope.spawn(move || check(ANTHROPIC, json!({"status": 529}), 500));
    });
}

#[test]
fn prx_5_a_stream_that_has_not_begun_is_repeated_as_well() {
    let tenant = tenant(json!({}));
    fault(&tenant, ANTHROPIC, json!({"status": 500, "times": 1}));
    let answer = tenant.server().post("/v1/chat/completions", &ask_streamed(ANTHROPIC.model, "Hello"));
    let chunks = scenarios::sse::Chunks::parse(&answer.body);
    assert!(answer.status == 200 && chunks.done, "{}", answer.text());
    assert_eq!(calls_to(&tenant, ANTHROPIC).len(), 2);
    assert_eq!(assert_entries(&tenant, 1), ANTHROPIC.cost_of(chunks.usage().unwrap()));
}

#[test]
fn prx_5_a_refusal_for_good_is_never_repeated() {
    let check = |vendor: Vendor, status: u16| {
        let tenant = tenant(json!({}));
        fault(&tenant, vendor, json!({"status": status}));
        post(&tenant, vendor).refused(502, "vendor_error");
        assert_eq!(calls_to(&tenant, vendor).len(), 1, "{} {status}", vendor.name);
        assert_eq!(assert_entries(&tenant, 0), 0);
    };
    thread::scope(|scope| {
        for vendor in VENDORS {
            for status in [400, 401, 403, 404] {
                scope.spawn(move || check(vendor, status));
            }
        }
    });
}

/// A gateway of the vendor's that gave up waiting: the work may have been done, and billed, behind it.
#[test]
fn prx_5_a_vendors_504_is_charged_in_full_and_never_repeated() {
    thread::scope(|scope| {
        for vendor in VENDORS {
            scope.spawn(move || {
                let tenant = tenant(json!({}));
                fault(&tenant, vendor, json!({"status": 504}));
                let body = ask(vendor.model, "Hello");
                let repeat = || {
                    let call = tenant.server().call("POST", "/v1/chat/completions");
                    call.header("idempotency-key", "one").json(&body).send()
                };
                let first = repeat();
                first.refused(504, "vendor_timeout");
                let again = repeat();
                assert_eq!((again.status, again.text()), (504, first.text()), "the same answer again");
                assert_eq!(calls_to(&tenant, vendor).len(), 1, "{}", vendor.name);
                assert!(assert_entries(&tenant, 1) > 0, "{}", vendor.name);
            });
        }
    });
}

#[test]
fn prx_5_how_often_is_up_to_the_binding() {
    let check = |retries: u64, calls: usize| {
        let tenant = tenant_of(OPENAI, json!({"retries": retries}));
        fault(&tenant, OPENAI, json!({"status": 500}));
        let answer = post(&tenant, OPENAI);
        answer.refused(502, "vendor_error");
        assert_eq!(calls_to(&tenant, OPENAI).len(), calls, "retries: {retries}");
        assert_eq!(assert_entries(&tenant, 0), 0);
    };
    thread::scope(|scope| {
        for (retries, calls) in [(0, 1), (1, 2), (3, 4)] {
            scope.spawn(move || check(retries, calls));
        }
    });
}

#[test]
fn prx_5_a_vendor_that_asks_for_too_long_a_wait_is_not_waited_for() {
    let tenant = tenant(json!({}));
    fault(&tenant, OPENAI, json!({"status": 503, "retry_after": 3_000}));
    let answer = post(&tenant, OPENAI);
    answer.refused(502, "vendor_error");
    assert_eq!(answer.header("retry-after"), Some("3000"), "the page hears of it");
    assert_eq!(calls_to(&tenant, OPENAI).len(), 1);
    assert_eq!(assert_entries(&tenant, 0), 0);
}

/// A vendor that takes each request and hangs up: whether it did the work, nobody knows.
fn silent_vendor() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            if spelling_vendor::read(&mut connection).is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (url, calls)
}

#[test]
fn prx_5_a_call_that_got_lost_is_never_repeated_and_charged_in_full() {
    let (url, calls) = silent_vendor();
    let mut tenant = tenant(json!({}));
    tenant.bind(gate(), "openai", Mocks::shared(), json!({"base_url": url}));
    let answer = post(&tenant, OPENAI);
    let error = answer.refused(502, "vendor_error");
    assert_eq!(calls.load(Ordering::SeqCst), 1, "once, and never again");
    let id = error["limit_check_id"].as_str().unwrap();
    let server = tenant.server();
    let entry = Books(&server).entry(id);
    assert_eq!(entry["settlement"], "full", "{entry}");
    let cost = entry["cost_nanos"].as_i64().unwrap();
    assert!(cost > 64 * OPENAI.prices[2], "all output that was asked for, and the input: {entry}");
    assert_eq!(assert_entries(&tenant, 1), cost);

    // The key of a repeat belongs to the first try: it gets the same failure, and nobody is called or charged again.
    let keyed = || {
        let call = server.call("POST", "/v1/chat/completions").header("idempotency-key", "lost-1");
        call.json(&ask(OPENAI.model, "Hello")).send()
    };
    let (first, again) = (keyed(), keyed());
    assert_eq!(first.refused(502, "vendor_error")["code"], "vendor_unreachable");
    assert_eq!((again.status, &again.body), (502, &first.body), "the same words");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_entries(&tenant, 2);
}

#[test]
fn prx_5_a_repeat_after_a_retried_call_is_the_answer_it_got() {
    let tenant = tenant(json!({}));
    fault(&tenant, OPENAI, json!({"status": 500, "times": 1}));
    let server = tenant.server();
    let keyed = |body: &Value| {
        server.call("POST", "/v1/chat/completions").header("idempotency-key", "retried-1").json(body).send()
    };
    let body = ask_streamed(OPENAI.model, "Hello");
    let (first, again) = (keyed(&body), keyed(&body));
    assert_eq!((first.status, again.status), (200, 200), "{}", again.text());
    assert_eq!(first.body, again.body, "the same bytes");
    assert_eq!(first.limit_check_id(), again.limit_check_id());
    assert_eq!(calls_to(&tenant, OPENAI).len(), 2, "the failure and the answer");
    assert!(assert_entries(&tenant, 1) > 0);
}

/// Retry-After in seconds.
#[track_caller]
fn circuit_open(answer: &Answer) -> u64 {
    let error = answer.refused(502, "vendor_error");
    assert_eq!(error["code"], "circuit_open", "{error}");
    let after = answer.header("retry-after").and_then(|value| value.parse().ok());
    after.unwrap_or_else(|| panic!("no Retry-After: {answer:?}"))
}

#[test]
fn prx_5_a_vendor_that_keeps_failing_is_left_alone_and_then_probed() {
    let tenant = tenant_of(OPENAI, json!({"retries": 0, "breaker_failures": 2, "breaker_seconds": 2}));
    fault(&tenant, OPENAI, json!({"status": 500}));
    for _ in 0..2 {
        assert_eq!(post(&tenant, OPENAI).refused(502, "vendor_error")["code"], "vendor_internal");
    }
    let after = circuit_open(&post(&tenant, OPENAI));
    assert!((1..=2).contains(&after), "{after} s");
    assert_eq!(calls_to(&tenant, OPENAI).len(), 2, "it is left alone");

    // It is the tenant's breaker for this vendor: other vendors answer, and so does this one for others.
    post(&tenant, ANTHROPIC).expect(200);
    let other = tenant_of(OPENAI, json!({"breaker_failures": 2}));
    post(&other, OPENAI).expect(200);

    // A probe that fails opens it again, for twice as long.
    thread::sleep(Duration::from_millis(2_200));
    assert_ne!(post(&tenant, OPENAI).refused(502, "vendor_error")["code"], "circuit_open", "the probe");
    assert!((3..=4).contains(&circuit_open(&post(&tenant, OPENAI))), "doubled");
    assert_eq!(calls_to(&tenant, OPENAI).len(), 3, "one probe");

    // The vendor is back: of many calls, one probes. It closes the breaker, and everybody passes.
    Mocks::shared().fault("openai", json!({"key": tenant.vendor_secrets["openai"], "delay_ms": 400, "times": 1}));
    thread::sleep(Duration::from_millis(4_200));
    let answers = at_once(4, |_| post(&tenant, OPENAI).status);
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(calls_to(&tenant, OPENAI).len(), 4, "one probe");
    for _ in 0..3 {
        post(&tenant, OPENAI).expect(200);
    }
    // The four of this vendor and the one of the other: refusals cost nothing.
    assert!(assert_entries(&tenant, 5) > 0);
}

#[test]
fn prx_5_refusals_do_not_open_the_breaker() {
    let tenant = tenant_of(OPENAI, json!({"retries": 0, "breaker_failures": 2, "breaker_seconds": 60}));
    for status in [400, 401, 429, 404, 429] {
        fault(&tenant, OPENAI, json!({"status": status, "times": 1}));
        post(&tenant, OPENAI).refused(502, "vendor_error");
    }
    post(&tenant, OPENAI).expect(200);
    assert_eq!(calls_to(&tenant, OPENAI).len(), 6);
}
