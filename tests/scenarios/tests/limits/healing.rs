//! LIM-3, LIM-6, OPS-6: the gate is killed in the middle of mixed work, again and again, and once more while it heals.
//! Afterwards nothing is held any more, nobody is locked out, and the books agree to the nano.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::books::Usage;
use scenarios::random::{Seeded, seed};
use scenarios::redis::RedisServer;
use scenarios::tenant::{chat, merge, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, eventually, json, nanos, unique, usd};

const ROUNDS: u64 = 10;
/// Callers of each tenant.
const CALLERS: usize = 5;
const BURST: usize = 20;
const COMPANY_BURST: usize = 30;
/// What a crash leaves in the middle of a change is put right after half a minute. A charge that was cut off twice over
/// (won and not decided, decided and not logged) takes two of them, after its permit's own time; a reaper that was killed
/// keeps the next one waiting for as long.
const HEALED_WITHIN: Duration = Duration::from_secs(180);

/// What one caller was told.
#[derive(Default)]
struct Told {
    /// Acknowledged settlements, with their costs.
    settled: BTreeMap<String, i64>,
    turns: usize,
}

/// Works until the gate is gone.
fn work(server: &Caller, page: &Caller, random: &mut Seeded, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) && told.turn(server, page, random).is_some() {
        told.turns += 1;
    }
    told
}

impl Told {
    /// One check, resolved in one of the ways there are. Nothing if the gate didn't answer.
    fn turn(&mut self, server: &Caller, page: &Caller, random: &mut Seeded) -> Option<()> {
        let caller = if random.below(4) == 0 { page } else { server };
        let units = 1 + random.below(9);
        let mut body = seconds(units);
        merge(&mut body, json!({"hold_s": 1 + random.below(3)}));
        let ask = |key: &str| {
            let call = caller.call("POST", "/v1/preflight").json(&body);
            if key.is_empty() { call } else { call.header("idempotency-key", key) }.try_send()
        };
        let key = if random.below(3) == 0 { unique("key-") } else { String::new() };
        let answer = ask(&key).ok()?;
        if !key.is_empty() && random.below(2) == 0 {
            let again = ask(&key).ok()?;
            assert_eq!(again.status, answer.status, "{} and then {}", answer.text(), again.text());
        }
        if answer.status != 200 {
            assert!(matches!(answer.status, 402 | 429), "{} {}", answer.status, answer.text());
            return Some(());
        }
        let id = answer.limit_check_id();
        match random.below(10) {
            0..5 => self.settle(caller, &id, random.below(units + 1)),
            // A page is believed up to what it reserved.
            5 if caller.origin.is_none() => self.settle(caller, &id, units + 1),
            6..9 => caller.call("DELETE", &permit_path(&id)).try_send().ok().map(|answer| drop(answer.expect(204))),
            _ => Some(()),
        }
    }

    fn settle(&mut self, caller: &Caller, id: &str, units: u64) -> Option<()> {
        let used = json!({"units": units, "unit_type": "seconds"});
        let answer = caller.call("POST", &format!("{}/settle", permit_path(id))).json(&used).try_send().ok()?;
        self.settled.insert(id.to_owned(), nanos(&answer.expect(200)["cost_amount"]));
        Some(())
    }
}

/// Talks until the gate is gone.
fn talk(server: &Caller, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match server.call("POST", "/v1/chat/completions").json(&chat("Hello")).try_send() {
            Ok(answer) => drop(answer.expect(200)),
            Err(_) => return,
        }
    }
}

/// One round: traffic, a kill at a random moment, a look at what it left, a restart.
fn round(gate: &mut Gate, payers: &[Tenant], talker: &Tenant, random: &mut Seeded, seed: u64) -> Vec<(usize, Told)> {
    let stop = AtomicBool::new(false);
    let payers: Vec<Tenant> = payers.iter().map(|payer| payer.moved_to(gate)).collect();
    let talker = talker.moved_to(gate).server();
    let told = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS * payers.len())
            .map(|number| {
                let whose = number % payers.len();
                let payer = &payers[whose];
                let (stop, server, page) = (&stop, payer.server(), payer.page().caller);
                let mut random = Seeded::new(seed, number as u64 + 1);
                scope.spawn(move || (whose, work(&server, &page, &mut random, stop)))
            })
            .collect();
        scope.spawn(|| talk(&talker, &stop));
        sleep(Duration::from_millis(150 + random.below(450)));
        gate.kill9();
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().expect("a caller failed")).collect()
    });
    println!("{} counters to be put right", gate.verify_remains());
    gate.restart();
    told
}

fn healed(books: &Books) -> Option<Usage> {
    Some(books.usage()).filter(|usage| usage.open == 0 && usage.tenant.held == 0)
}

/// Exactly the burst passes.
#[track_caller]
fn assert_full_burst(server: &Caller, burst: usize, code: &str) -> Vec<String> {
    let answers = at_once(burst + 5, |_| server.post("/v1/preflight", &seconds(1)));
    let (passed, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
    refused.iter().for_each(|answer| assert_eq!(answer.refused(429, "burst")["code"], code));
    assert_eq!(passed.len(), burst);
    passed.iter().map(Answer::limit_check_id).collect()
}

#[test]
fn lim_6_whatever_kills_leave_behind_heals() {
    heals(Gate::start(), seed("healing"));
}

/// Here every operation takes effect by itself, so that a kill leaves far more in the middle of a change.
#[test]
fn lim_6_whatever_kills_leave_behind_in_redis_heals() {
    let redis = RedisServer::start();
    heals(Gate::start_with(&["--kv", &redis.url()]), seed("healing in redis"));
}

fn heals(mut gate: Gate, seed: u64) {
    let mut random = Seeded::new(seed, 0);
    let company = unique("company-");
    let limits = |more: Value| {
        let mut limits = json!({"burst": BURST});
        merge(&mut limits, more);
        json!({"company": company, "limits": limits})
    };
    gate.admin().put(&format!("/v1/companies/{company}"), &json!({"limits": {"burst": COMPANY_BURST}})).done();
    // One with money for all of it and a queue, one whose cap is reached on the way, and one that only chats: a chat that
    // was cut off keeps its hold for a quarter of an hour, since its vendor was called.
    let rich = Tenant::new(&gate, limits(json!({"monthly_cost_usd": "1000", "queue_wait_ms": 200})));
    let tight = Tenant::new(&gate, limits(json!({"monthly_cost_usd": usd(600 * SECOND)})));
    let talker = Tenant::at(&gate, Mocks::shared(), json!({}));
    let payers = [rich, tight];
    let told: Vec<(usize, Told)> =
        (0..ROUNDS).flat_map(|number| round(&mut gate, &payers, &talker, &mut random, seed ^ number)).collect();
    let turns: usize = told.iter().map(|(_, told)| told.turns).sum();
    let killed = Instant::now();
    // By now the first of what was left behind is being put right.
    sleep(Duration::from_millis(24_000 + random.below(8_000)));
    gate.kill9();
    gate.restart();

    for (number, payer) in payers.iter().enumerate() {
        let server = payer.moved_to(&gate).server();
        let books = Books(&server);
        let usage = eventually("everything to be settled or freed", HEALED_WITHIN, || healed(&books));
        gate.maintain();
        let logged: BTreeMap<String, i64> = books
            .entries()
            .iter()
            .map(|entry| (entry["limit_check_id"].as_str().unwrap().to_owned(), entry["cost_nanos"].as_i64().unwrap()))
            .collect();
        assert_eq!(logged.values().sum::<i64>(), usage.tenant.settled, "usage is the sum of the entries");
        for (permit, cost) in told.iter().filter(|(whose, _)| *whose == number).flat_map(|(_, told)| &told.settled) {
            assert_eq!(logged.get(permit), Some(cost), "{permit} was acknowledged");
        }
    }
    println!("{turns} turns in {ROUNDS} rounds; healed {:?} after the last of them", killed.elapsed());
    assert!(turns > 100, "there was traffic: {turns}");
    gate.verify();

    // Nobody is locked out: all places are there, the tenants' and the company's, and no more than those.
    let [rich, tight] = payers.map(|payer| payer.moved_to(&gate));
    let uncapped = json!({"limits": {"monthly_cost_usd": null, "queue_wait_ms": 0}});
    for payer in [&rich, &tight] {
        gate.admin().patch(&format!("/v1/tenants/{}", payer.id), &uncapped).expect(200);
    }
    let first = assert_full_burst(&rich.server(), BURST, "burst");
    let second = assert_full_burst(&tight.server(), COMPANY_BURST - BURST, "company_burst");
    for (payer, permits) in [(&rich, first), (&tight, second)] {
        permits.iter().for_each(|permit| drop(payer.server().delete(&permit_path(permit)).expect(204)));
    }
    // Of the chats at most those are still held that a kill cut off: of a caller the one that was under way, and the one
    // before it, which had its answer and was about to be settled.
    let open = Books(&talker.moved_to(&gate).server()).usage().open;
    assert!((0..=2 * ROUNDS as i64).contains(&open), "{open} chats");
    // A chat may have been cut off in the middle of a change, when the others had nothing to be put right.
    eventually("all to be counted anew", HEALED_WITHIN, || gate.is_healed().then_some(()));
    gate.stop_and_verify_healed();
}
