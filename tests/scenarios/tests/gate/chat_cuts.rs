//! PRX-3: a stream that ends early, at whatever frame and by whoever's doing, is charged for what was used: never more
//! than was reserved, never nothing, and nothing stays held.

use std::time::Duration;

use scenarios::sse::Chunks;
use scenarios::tenant::merge;
use scenarios::{Books, Mocks, Stream, Tenant, Value, json};

use crate::many_vendors::{
    ANTHROPIC, DEEPSEEK, GEMINI, OPENAI, Vendor, ask_streamed, calls_to, fault, gate, tenant, tokens,
};

/// So few words that every frame can be tried.
fn request(vendor: Vendor) -> Value {
    let mut body = ask_streamed(vendor.model, "Hello there");
    merge(&mut body, json!({"max_tokens": 5}));
    body
}

fn open(tenant: &Tenant, vendor: Vendor) -> (Stream, String) {
    let stream = tenant.server().call("POST", "/v1/chat/completions").json(&request(vendor)).open();
    assert_eq!(stream.status(), 200);
    let id = stream.header("x-limit-check-id").expect("a permit").to_owned();
    (stream, id)
}

/// What the gate holds for the request: seen while an answer drips.
#[track_caller]
fn reservation(vendor: Vendor) -> i64 {
    let tenant = tenant(json!({}));
    fault(&tenant, vendor, json!({"drip_ms": 60}));
    let (mut stream, _) = open(&tenant, vendor);
    stream.try_read().unwrap().expect("a first chunk");
    let held = Books(&tenant.server()).money().held;
    assert!(held > 0, "{}", vendor.name);
    stream.read_all();
    held
}

/// How many bytes of the vendor's own stream there are before each frame's end, and what the whole costs.
#[track_caller]
fn frames(tenant: &Tenant, vendor: Vendor) -> (Vec<u64>, i64) {
    let (mut stream, id) = open(tenant, vendor);
    let (chunks, ended) = stream.read_all();
    let chunks = Chunks::parse(&chunks.concat());
    assert!(ended && chunks.done, "{}", vendor.name);
    let cost = Books(&tenant.server()).cost(&id);
    assert_eq!(cost, vendor.cost(tokens(chunks.usage().expect("the usage"))));

    // The same request again, past the gate, to see the vendor's bytes.
    let call = calls_to(tenant, vendor).remove(0);
    let secret = &tenant.vendor_secrets[vendor.name];
    let key = if vendor.key_header == "authorization" { format!("Bearer {secret}") } else { secret.clone() };
    let path = call["path"].as_str().unwrap();
    let direct = Mocks::shared().control().call("POST", path).header(vendor.key_header, &key);
    let answer = direct.header("anthropic-version", "2023-06-01").json(&call["body"]).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(call["bytes_sent"], answer.body.len(), "the same stream");
    let end: &[u8] = if vendor.name == GEMINI.name { b"\r\n\r\n" } else { b"\n\n" };
    let is_end = |at: &usize| answer.body[..*at].ends_with(end);
    ((1..=answer.body.len()).filter(is_end).map(|at| at as u64).collect(), cost)
}

/// One cut: what it was charged, and what the page got.
#[track_caller]
fn cut(tenant: &Tenant, vendor: Vendor, at: u64) -> (i64, Chunks) {
    fault(tenant, vendor, json!({"cut_after_bytes": at, "times": 1}));
    let calls_before = calls_to(tenant, vendor).len();
    let (mut stream, id) = open(tenant, vendor);
    let (chunks, _) = stream.read_all();
    let cost = Books(&tenant.server()).cost(&id);
    assert_eq!(calls_to(tenant, vendor).len(), calls_before + 1, "what has begun is never repeated");
    (cost, Chunks::parse(&chunks.concat()))
}

#[track_caller]
fn check_cuts(vendor: Vendor) {
    let most = reservation(vendor);
    let tenant = tenant(json!({}));
    let (frames, whole) = frames(&tenant, vendor);
    assert!(frames.len() >= 6, "{}: {frames:?}", vendor.name);
    let mut spent = whole;
    let mut calls = 1;
    let last = *frames.last().unwrap();
    // At the head, after every frame, and within every frame.
    let within = frames.iter().map(|end| end - 7);
    for at in [0].into_iter().chain(frames.iter().copied().filter(|end| *end < last)).chain(within) {
        let (cost, chunks) = cut(&tenant, vendor, at);
        assert!(cost <= most, "{} at {at}: {cost} of {most}", vendor.name);
        assert!(cost > 0, "{} at {at}: {} was delivered for nothing", vendor.name, chunks.content());
        if chunks.usage().is_some() {
            assert_eq!(cost, whole, "{} at {at}: the vendor's numbers were there", vendor.name);
        }
        spent += cost;
        calls += 1;
    }
    let server = tenant.server();
    let usage = Books(&server).settled_money();
    assert_eq!((usage.settled, Books(&server).usage().open), (spent, 0), "{}", vendor.name);
    gate().maintain();
    assert_eq!(Books(&server).entries().len(), calls, "{}: an entry each", vendor.name);
}

#[test]
fn prx_3_openais_stream_is_charged_right_wherever_it_is_cut() {
    check_cuts(OPENAI);
}

#[test]
fn prx_3_anthropics_stream_is_charged_right_wherever_it_is_cut() {
    check_cuts(ANTHROPIC);
}

#[test]
fn prx_3_geminis_stream_is_charged_right_wherever_it_is_cut() {
    check_cuts(GEMINI);
}

#[test]
fn prx_3_deepseeks_stream_is_charged_right_wherever_it_is_cut() {
    check_cuts(DEEPSEEK);
}

/// Reads until so many frames have come.
fn read_frames(stream: &mut Stream, frames: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.windows(2).filter(|pair| pair == b"\n\n").count() < frames {
        read.extend(stream.try_read().expect("no break").expect("more frames"));
    }
    read
}

#[test]
fn prx_3_a_page_that_leaves_after_any_frame_stops_the_vendor_and_pays_what_was_used() {
    let check = |vendor: Vendor, frames: usize, most: i64| {
        let tenant = tenant(json!({}));
        fault(&tenant, vendor, json!({"drip_ms": 120}));
        let (mut stream, id) = open(&tenant, vendor);
        read_frames(&mut stream, frames);
        drop(stream);
        let path = calls_to(&tenant, vendor)[0]["path"].as_str().unwrap().to_owned();
        let limit = Duration::from_secs(5);
        let call = Mocks::shared().call_when(&tenant, &path, limit, |call| call["aborted"] == true);
        assert_eq!(call["finished"], false, "{} after {frames}", vendor.name);
        let server = tenant.server();
        let cost = Books(&server).cost(&id);
        assert!((1..=most).contains(&cost), "{} after {frames}: {cost} of {most}", vendor.name);
        let usage = Books(&server).settled_money();
        assert_eq!((usage.settled, usage.held), (cost, 0));
        assert_eq!(Books(&server).usage().open, 0);
    };
    std::thread::scope(|scope| {
        for vendor in [OPENAI, ANTHROPIC] {
            let most = reservation(vendor);
            for frames in 1..=5 {
                scope.spawn(move || check(vendor, frames, most));
            }
        }
    });
}
