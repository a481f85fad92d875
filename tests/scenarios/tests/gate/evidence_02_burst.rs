//! EVIDENCE-02, LIM-4: of 100 at once exactly as many pass as the burst allows.

use std::time::{Duration, Instant};

use scenarios::caller::Answer;
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Mocks, Tenant, json};

const ROUNDS: u32 = 3;

fn tenant_with_burst(burst: u64) -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"burst": burst}}))
}

/// How many passed, after a check that all others were refused as the contract says.
#[track_caller]
fn passed(answers: &[Answer]) -> usize {
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.refused(429, "burst")["code"], "burst");
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[test]
fn evidence_02_of_100_checks_at_burst_50_exactly_50_pass() {
    let tenant = tenant_with_burst(50);
    let server = tenant.server();
    for round in 1..=ROUNDS {
        let answers = at_once(100, |_| server.post("/v1/preflight", &seconds(15)));
        assert_eq!(passed(&answers), 50, "round {round}");
        // All places are given back for the next round.
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            server.delete(&permit_path(answer.json()["limit_check_id"].as_str().unwrap())).expect(204);
        }
    }
    Mocks::shared().assert_not_called(&tenant);
}

#[test]
fn evidence_02_of_100_chats_at_burst_50_exactly_50_reach_the_vendor() {
    let tenant = tenant_with_burst(50);
    let server = tenant.server();
    for round in 1..=ROUNDS {
        // The vendor takes longer than all of the requests need to come in.
        let answers = at_once(100, |_| server.post("/v1/chat/completions", &chat("Hello [[delay:8000]]")));
        assert_eq!(passed(&answers), 50, "round {round}");
        assert_eq!(Mocks::shared().calls_of(&tenant).len(), 50 * round as usize, "round {round}");
        assert_eq!(Books(&server).settled_money().held, 0);
    }
    assert_eq!(Books(&server).entries().len(), 50 * ROUNDS as usize);
}

#[test]
fn lim_4_a_queue_lets_in_who_can_wait() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"burst": 2, "queue_wait_ms": 8_000}}));
    let server = tenant.server();
    let answers = at_once(6, |_| server.post("/v1/chat/completions", &chat("Hello [[delay:300]]")));
    assert_eq!(passed(&answers), 6, "three turns of two, and nobody waits for eight seconds");

    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"burst": 1, "queue_wait_ms": 600}}));
    let server = tenant.server();
    server.post("/v1/preflight", &seconds(15)).expect(200);
    let asked = Instant::now();
    server.post("/v1/preflight", &seconds(15)).refused(429, "burst");
    let waited = asked.elapsed();
    assert!(waited >= Duration::from_millis(500) && waited < Duration::from_secs(5), "{waited:?}");
}
