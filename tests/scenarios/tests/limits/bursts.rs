//! EVIDENCE-02, LIM-4: of 100 at once exactly 50 pass a burst of 50, twenty times in a row on one gate, so that a single
//! place which leaks or is given twice shows.

use std::thread;
use std::time::Duration;

use scenarios::held::{INPUT_TOKENS, OUTPUT_TOKENS};
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Gate, HeldVendor, Mocks, Tenant, amounts, eventually, json};

use crate::machine;

const ROUNDS: usize = 20;
const CALLERS: usize = 100;
const BURST: usize = 50;
const LIMIT: Duration = Duration::from_secs(30);

fn tenant(gate: &Gate) -> Tenant {
    Tenant::new(gate, json!({"limits": {"burst": BURST}}))
}

/// The answers that passed, after a check that all others were refused as the contract says.
#[track_caller]
fn passed(answers: &[Answer]) -> Vec<&Answer> {
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    for answer in refused {
        // With `Retry-After`, as every 429.
        assert_eq!(answer.refused(429, "burst")["code"], "burst");
    }
    passed
}

#[track_caller]
fn assert_all_free(books: &Books) {
    let free = || Some(books.usage()).filter(|usage| usage.open == 0 && usage.tenant.held == 0);
    eventually("all places to be free", LIMIT, free);
}

#[test]
fn evidence_02_twenty_times_exactly_50_of_100_checks_pass() {
    let _machine = machine();
    let mut gate = Gate::start();
    let tenant = tenant(&gate);
    let server = tenant.server();
    for round in 1..=ROUNDS {
        let answers = at_once(CALLERS, |_| server.post("/v1/preflight", &seconds(15)));
        let passed = passed(&answers);
        assert_eq!(passed.len(), BURST, "round {round}");
        assert_eq!(Books(&server).usage().open, BURST as i64, "round {round}");
        at_once(BURST, |number| {
            let path = permit_path(&passed[number].limit_check_id());
            if number % 2 == 0 {
                server.delete(&path).expect(204);
            } else {
                server.post(&format!("{path}/settle"), &json!({"units": 1, "unit_type": "seconds"})).expect(200);
            }
        });
        assert_all_free(&Books(&server));
    }
    let settled = (ROUNDS * BURST / 2) as i64 * amounts::SECOND;
    assert_eq!(Books(&server).money().settled, settled);
    gate.verify();
    gate.stop_and_verify();
}

#[test]
fn evidence_02_twenty_times_exactly_50_of_100_chats_reach_the_vendor() {
    let _machine = machine();
    let (mut gate, vendor) = (Gate::start(), HeldVendor::start());
    let mut tenant = tenant(&gate);
    tenant.bind(&gate, "openai", Mocks::shared(), json!({"base_url": vendor.base_url()}));
    let server = tenant.server();
    for round in 1..=ROUNDS {
        let answers = thread::scope(|scope| {
            let callers: Vec<_> =
                (0..CALLERS).map(|_| scope.spawn(|| server.post("/v1/chat/completions", &chat("Hello")))).collect();
            // Every caller is either answered or at the vendor.
            let decided = || {
                let answered = callers.iter().filter(|caller| caller.is_finished()).count();
                (answered + vendor.waiting() == CALLERS).then(|| vendor.waiting())
            };
            let at_vendor = eventually("all calls to be decided", LIMIT, decided);
            vendor.answer_all();
            assert_eq!(at_vendor, BURST, "round {round}");
            callers.into_iter().map(|caller| caller.join().expect("a caller failed")).collect::<Vec<_>>()
        });
        assert_eq!(passed(&answers).len(), BURST, "round {round}");
        assert_all_free(&Books(&server));
    }
    let one = INPUT_TOKENS * amounts::INPUT_TOKEN + OUTPUT_TOKENS * amounts::OUTPUT_TOKEN;
    assert_eq!(Books(&server).money().settled, (ROUNDS * BURST) as i64 * one);
    gate.verify();
    gate.stop_and_verify();
}
