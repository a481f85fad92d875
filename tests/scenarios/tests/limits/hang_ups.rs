//! PRX-3, LIM-6: a page that hangs up in the middle of an answer pays for what was delivered to it, and its place is
//! free again.

use std::time::Duration;

use scenarios::amounts::{INPUT_TOKEN, OUTPUT_TOKEN};
use scenarios::random::{Seeded, seed};
use scenarios::sse::Chunks;
use scenarios::tenant::{merge, seconds, streamed_chat};
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Mocks, Page, Tenant, eventually, json};

const PAGES: usize = 24;
const MAX_TOKENS: i64 = 2_000;

/// What one page got before it hung up.
struct Left {
    permit: String,
    heard: String,
}

/// Reads some chunks and breaks the connection.
fn listen_and_leave(page: &Page, chunks: u64) -> Left {
    let mut body = streamed_chat("Go on [[slow]] [[long]]");
    merge(&mut body, json!({"max_tokens": MAX_TOKENS}));
    let mut stream = page.caller.call("POST", "/v1/chat/completions").json(&body).open();
    assert_eq!(stream.status(), 200);
    let permit = stream.header("x-limit-check-id").expect("a permit").to_owned();
    let (mut body, mut heard, mut read) = (Vec::new(), String::new(), 0);
    // The first event has no words yet.
    while read < chunks || heard.is_empty() {
        body.extend(stream.try_read().expect("the stream goes on").expect("the answer is long"));
        read += 1;
        // The last event may be cut in the middle.
        let whole = body.windows(2).rposition(|end| end == b"\n\n").map_or(0, |end| end + 2);
        heard = Chunks::parse(&body[..whole]).content();
    }
    Left { permit, heard }
}

#[test]
fn prx_3_pages_that_hang_up_pay_for_what_they_heard() {
    let seed = seed("hang-ups");
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({"limits": {"burst": PAGES}}));
    let pages: Vec<Page> = (0..PAGES).map(|_| tenant.page()).collect();
    let left = at_once(PAGES, |number| {
        let chunks = 1 + Seeded::new(seed, number as u64).below(6);
        listen_and_leave(&pages[number], chunks)
    });

    let server = tenant.server();
    let books = Books(&server);
    let all_settled = || Some(books.usage()).filter(|usage| usage.open == 0 && usage.tenant.held == 0);
    let usage = eventually("everything to be settled", Duration::from_secs(20), all_settled);
    let mut sum = 0;
    for Left { permit, heard } in &left {
        let entry = books.entry(permit);
        let cost = entry["cost_nanos"].as_i64().unwrap_or_else(|| panic!("no cost in {entry}"));
        // Without the vendor's own numbers, which come last, a byte counts as a token.
        let least = INPUT_TOKEN + heard.len() as i64 * OUTPUT_TOKEN;
        assert!(cost >= least, "{cost} for {heard:?}, at least {least}: {entry}");
        assert!(cost < MAX_TOKENS * OUTPUT_TOKEN, "far from all that it might have been: {entry}");
        assert_eq!(entry["settlement"], "counted", "{entry}");
        sum += cost;
    }
    assert_eq!(usage.tenant.settled, sum, "usage is the sum of the entries");

    let again = at_once(PAGES, |_| server.post("/v1/preflight", &seconds(1)).status);
    assert_eq!(again, vec![200; PAGES], "every place is free");
    server.post("/v1/preflight", &seconds(1)).refused(429, "burst");
    gate.verify();
    gate.stop_and_verify();
}
