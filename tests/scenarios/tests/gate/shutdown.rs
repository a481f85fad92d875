//! OPS-5: SIGTERM ends the gate with status 0 within ten seconds, after what is in flight.

use std::time::{Duration, Instant};

use scenarios::sse::Chunks;
use scenarios::tenant::{chat, streamed_chat};
use scenarios::{Books, Gate, Mocks, Tenant, json};

#[test]
fn ops_5_sigterm_lets_a_stream_finish() {
    let mut gate = Gate::start();
    let mocks = Mocks::start();
    let tenant = Tenant::at(&gate, &mocks, json!({}));
    mocks.fault("openai", json!({"drip_ms": 50}));
    let call = tenant.page().caller.call("POST", "/v1/chat/completions").json(&streamed_chat("Finish your sentence"));
    let mut stream = call.open();
    let id = stream.header("x-limit-check-id").unwrap().to_owned();
    let first = stream.try_read().unwrap().expect("a first chunk");
    gate.sigterm();
    let asked = Instant::now();

    let (rest, ended) = stream.read_all();
    assert!(ended, "the stream was cut");
    let chunks = Chunks::parse(&[first, rest.concat()].concat());
    assert!(chunks.done && chunks.content().contains("Finish your sentence"));
    let status = gate.wait_for_end(Duration::from_secs(12));
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(11), "{:?}", asked.elapsed());
    assert!(gate.admin().call("GET", "/health").try_send().is_err(), "nobody listens any more");

    // And it was paid.
    gate.restart();
    let tenant = tenant.moved_to(&gate);
    let server = tenant.server();
    assert!(Books(&server).cost(&id) > 0);
    assert_eq!(Books(&server).settled_money().held, 0);
}

#[test]
fn ops_5_sigterm_does_not_wait_for_ever() {
    let mut gate = Gate::start();
    let mocks = Mocks::start();
    let tenant = Tenant::at(&gate, &mocks, json!({}));
    mocks.fault("openai", json!({"drip_ms": 1_500}));
    let call = tenant.page().caller.call("POST", "/v1/chat/completions").json(&streamed_chat("Never finish [[long]]"));
    let mut stream = call.open();
    stream.try_read().unwrap().expect("a first chunk");
    gate.sigterm();
    let asked = Instant::now();
    let status = gate.wait_for_end(Duration::from_secs(13));
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(12), "{:?}", asked.elapsed());
}

#[test]
fn ops_5_an_idle_gate_ends_at_once_and_starts_again() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    tenant.server().post("/v1/chat/completions", &chat("Hello")).expect(200);
    gate.sigterm();
    let status = gate.wait_for_end(Duration::from_secs(5));
    assert!(status.success(), "{status}");
    gate.restart();
    let tenant = tenant.moved_to(&gate);
    tenant.server().post("/v1/chat/completions", &chat("Hello again")).expect(200);
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 2);
}
