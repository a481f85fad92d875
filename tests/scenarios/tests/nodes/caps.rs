//! LIM-3, LIM-4: a burst and a monthly cap are exact over all nodes together.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Nodes, Tenant, json, nanos, random, usd};

use crate::work::{AtEnd, alone, sum};

const BURST: usize = 50;
const AT_ONCE: usize = 150;

fn tenant_with_burst(gate: &Gate) -> Tenant {
    Tenant::at(gate, Mocks::shared(), json!({"limits": {"burst": BURST}}))
}

/// How many passed, after a check that all others were refused as the contract says.
#[track_caller]
fn passed(answers: &[Answer]) -> usize {
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.refused(429, "burst");
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[test]
fn ops_6_of_150_checks_at_three_nodes_exactly_50_pass() {
    let nodes = Nodes::shared();
    let _alone = alone();
    let tenant = tenant_with_burst(&nodes.gates[0]);
    let servers = nodes.servers(&tenant);
    for round in 1..=3 {
        let answers = at_once(AT_ONCE, |n| servers[n % 3].post("/v1/preflight", &seconds(15)));
        assert_eq!(passed(&answers), BURST, "round {round}");
        // All places are given back for the next round, each at another node.
        for (n, answer) in answers.iter().filter(|answer| answer.status == 200).enumerate() {
            servers[n % 3].delete(&permit_path(answer.json()["limit_check_id"].as_str().unwrap())).expect(204);
        }
    }
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(Books(&servers[1]).settled_money().settled, 0);
}

#[test]
fn ops_6_of_150_chats_at_three_nodes_exactly_50_reach_the_vendor() {
    let nodes = Nodes::shared();
    let _alone = alone();
    let tenant = tenant_with_burst(&nodes.gates[0]);
    let servers = nodes.servers(&tenant);
    // The vendor takes longer than all of the requests need to come in.
    let answers = at_once(AT_ONCE, |n| servers[n % 3].post("/v1/chat/completions", &chat("Hello [[delay:8000]]")));
    assert_eq!(passed(&answers), BURST);
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), BURST);
    let money = Books(&servers[2]).settled_money();
    let entries = Books(&servers[1]).entries();
    assert_eq!((entries.len(), sum(&entries)), (BURST, money.settled));
    nodes.verify();
}

const CAP: i64 = 1_500 * SECOND;
const LARGEST: u64 = 200;
/// The storm goes on until the cap has been met this often, but not for ever.
const DENIALS: usize = 100;
const STORM: Duration = Duration::from_secs(3);
const LONGEST_STORM: Duration = Duration::from_secs(20);
const THREADS_PER_NODE: usize = 4;

/// What the callers know to be held or settled. It is raised after a permit has come and lowered before any of it is
/// given back, so it is never more than what really is, and what really is may never be more than the cap.
#[derive(Default)]
struct Known(AtomicI64);

impl Known {
    #[track_caller]
    fn raise(&self, amount: i64) {
        let sum = self.0.fetch_add(amount, Ordering::SeqCst) + amount;
        assert!(sum <= CAP, "{sum} is admitted under a cap of {CAP}");
    }

    fn lower(&self, amount: i64) {
        self.0.fetch_sub(amount, Ordering::SeqCst);
    }
}

/// Reserves at one node and resolves at the next, all sizes.
fn hammer(servers: &[Caller], number: usize, known: &Known, denials: &AtomicUsize) {
    let (here, there) = (&servers[number % servers.len()], &servers[(number + 1) % servers.len()]);
    let began = Instant::now();
    let enough = || denials.load(Ordering::Relaxed) >= DENIALS || began.elapsed() > LONGEST_STORM;
    while began.elapsed() < STORM || !enough() {
        let [size, choice] = random::bytes::<2>();
        let units = 1 + u64::from(size) * LARGEST / 256;
        let reserved = units as i64 * SECOND;
        let answer = here.post("/v1/preflight", &seconds(units));
        if answer.status != 200 {
            answer.refused(402, "hard_cap");
            denials.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        known.raise(reserved);
        let path = permit_path(answer.json()["limit_check_id"].as_str().unwrap());
        if choice % 4 == 0 {
            known.lower(reserved);
            there.delete(&path).expect(204);
        } else {
            let used = units * u64::from(choice) / 256;
            let cost = used as i64 * SECOND;
            known.lower(reserved - cost);
            let body = json!({"units": used, "unit_type": "seconds"});
            assert_eq!(nanos(&there.post(&format!("{path}/settle"), &body).expect(200)["cost_amount"]), cost);
        }
    }
}

fn storm(servers: &[Caller]) {
    let known = Known::default();
    let threads = THREADS_PER_NODE * servers.len();
    let (done, polls, denials) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let node = polls.fetch_add(1, Ordering::Relaxed) % servers.len();
                let money = Books(&servers[node]).money();
                assert!(money.settled + money.held <= CAP, "{money:?}");
                thread::sleep(Duration::from_millis(50));
            }
        });
        let _end = AtEnd(&done);
        at_once(threads, |number| hammer(servers, number, &known, &denials));
    });
    let (denials, polls) = (denials.into_inner(), polls.into_inner());
    assert!(denials >= DENIALS && polls > 1, "met {denials} times, watched {polls} times");

    let books = Books(&servers[servers.len() - 1]);
    let money = books.settled_money();
    assert_eq!(money.settled, known.0.into_inner(), "what was settled, to the nano");
    assert_eq!(money.settled, sum(&books.entries()), "is what the log says");
    assert!(money.settled > CAP * 8 / 10 && money.settled <= CAP, "{money:?}");
    // And nothing of the cap was lost on the way: the rest can be had, to the last second.
    let rest = (CAP - money.settled) / SECOND;
    if rest > 0 {
        servers[0].post("/v1/preflight", &seconds(rest as u64)).expect(200);
    }
    for server in servers {
        server.post("/v1/preflight", &seconds(1)).refused(402, "hard_cap");
    }
}

#[test]
fn ops_6_a_monthly_cap_is_exact_at_two_nodes_and_at_three() {
    let nodes = Nodes::shared();
    let _alone = alone();
    for count in [2, 3] {
        let limits = json!({"limits": {"monthly_cost_usd": usd(CAP)}});
        let tenant = Tenant::new(&nodes.gates[0], limits);
        storm(&nodes.servers(&tenant)[..count]);
    }
    nodes.verify();
}
