//! LIM-3, AUD-1, AUD-3, WHK-4: the gate is killed in the middle of its work, again and again. What it had acknowledged
//! is still true afterwards, nothing is charged twice, and no cap is passed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use scenarios::books::Money;
use scenarios::tenant::{chat, merge, permit_path, seconds};
use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, json, nanos, random, unique};

const ROUNDS: usize = 3;
const THREADS: usize = 8;
/// Permits that nobody resolves are charged by the reaper after so long.
const HOLD_S: u64 = 5;

/// What one thread was told.
#[derive(Default)]
struct Told {
    /// Idempotency key and permit of each acknowledged check.
    permits: Vec<(String, String)>,
    /// Permit and cost of each acknowledged settlement.
    settled: BTreeMap<String, i64>,
    /// Permits whose settlement was asked for, but the answer never came.
    asked: BTreeSet<String>,
    /// Permits of whole chat answers.
    chats: Vec<String>,
}

fn check() -> Value {
    let mut body = seconds(9);
    merge(&mut body, json!({"hold_s": HOLD_S}));
    body
}

/// Works until it is told to stop or the gate is gone.
fn work(server: &Caller, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if turn % 5 == 4 {
            match server.call("POST", "/v1/chat/completions").json(&chat("Hello")).try_send() {
                Ok(answer) if answer.status == 200 => told.chats.push(answer.limit_check_id()),
                Ok(answer) => assert!(matches!(answer.status, 402 | 429), "{} {}", answer.status, answer.text()),
                Err(_) => break,
            }
            continue;
        }
        let key = unique("k-");
        let permit =
            match server.call("POST", "/v1/preflight").header("idempotency-key", &key).json(&check()).try_send() {
                Ok(answer) if answer.status == 402 => continue,
                Ok(answer) => answer.expect(200)["limit_check_id"].as_str().unwrap().to_owned(),
                Err(_) => break,
            };
        told.permits.push((key, permit.clone()));
        // Some are never resolved.
        if turn % 7 == 6 {
            continue;
        }
        told.asked.insert(permit.clone());
        let path = format!("{}/settle", permit_path(&permit));
        match server.call("POST", &path).json(&json!({"units": 1 + turn % 9, "unit_type": "seconds"})).try_send() {
            Ok(answer) => told.settled.insert(permit, nanos(&answer.expect(200)["cost_amount"])),
            Err(_) => break,
        };
    }
    told
}

/// One round: traffic, a kill at a random moment, a restart.
fn round(gate: &mut Gate, tenants: &[Tenant; 2]) -> Vec<(usize, Told)> {
    let servers = tenants.clone().map(|tenant| tenant.moved_to(gate).server());
    let stop = AtomicBool::new(false);
    let told = thread::scope(|scope| {
        let (stop, servers) = (&stop, &servers);
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || (n % 2, work(&servers[n % 2], stop)))).collect();
        thread::sleep(Duration::from_millis(300 + u64::from(random::bytes::<1>()[0]) * 5));
        gate.kill9();
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("a worker failed")).collect()
    });
    gate.restart();
    told
}

#[test]
fn lim_3_aud_1_a_killed_gate_loses_nothing_and_charges_nothing_twice() {
    let mut gate = Gate::start();
    // Unresolved checks keep their places for a while, so there are enough of those.
    // One with money for all of it, one whose cap is reached on the way.
    let rich =
        Tenant::at(&gate, Mocks::shared(), json!({"limits": {"monthly_cost_usd": "1000000", "burst": 1_000_000}}));
    let tight = Tenant::at(&gate, Mocks::shared(), json!({"limits": {"monthly_cost_usd": "0.5", "burst": 1_000_000}}));
    let tenants = [rich, tight];
    let caps = [1_000_000_000_000_000, 500_000_000];
    let told: Vec<(usize, Told)> = (0..ROUNDS).flat_map(|_| round(&mut gate, &tenants)).collect();
    gate.maintain();
    let count: usize = told.iter().map(|(_, told)| told.settled.len() + told.chats.len()).sum();
    assert!(count > 50, "there was traffic: {count}");

    for (number, tenant) in tenants.iter().enumerate() {
        let server = tenant.moved_to(&gate).server();
        let books = Books(&server);
        let told: Vec<&Told> = told.iter().filter(|(whose, _)| *whose == number).map(|(_, told)| told).collect();

        // Every acknowledged permit is still that permit.
        for (key, permit) in told.iter().flat_map(|told| &told.permits) {
            let again = server.call("POST", "/v1/preflight").header("idempotency-key", key).json(&check()).send();
            assert_eq!(again.expect(200)["limit_check_id"], permit.as_str());
        }
        // Every acknowledged settlement has its entry, with the acknowledged cost.
        for (permit, cost) in told.iter().flat_map(|told| &told.settled) {
            let entry = books.entry(permit);
            assert_eq!(nanos(&entry["cost_amount"]), *cost, "{entry}");
        }
        // Every permit of a check is resolved once its time is over, as asked or in full.
        thread::sleep(Duration::from_secs(HOLD_S));
        for permit in told.iter().flat_map(|told| told.permits.iter().map(|(_, permit)| permit)) {
            let entry = entry_after_grace(&gate, &books, permit);
            let asked = told.iter().any(|told| told.asked.contains(permit));
            let in_full = entry["units_consumed"] == 9 && entry["settlement"] == "full";
            assert!(asked || in_full, "{entry}");
        }

        let (entries, money) = standing(&books);
        let ids: BTreeSet<&str> = entries.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), entries.len(), "an entry is there twice");
        for chat in told.iter().flat_map(|told| &told.chats) {
            // A whole answer was given; the permit may still wait for its reaper, but it is not lost.
            let known = ids.contains(chat.as_str()) || server.delete(&permit_path(chat)).status != 404;
            assert!(known, "{chat} is gone");
        }
        let logged: i64 = entries.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
        assert_eq!(money.settled, logged, "usage is the sum of the entries");
        assert!(money.settled + money.held <= caps[number], "{money:?}");
    }
}

/// Entries and counters of one moment: checks whose answer was lost in a kill are still being charged by the reaper.
#[track_caller]
fn standing(books: &Books) -> (Vec<Value>, Money) {
    scenarios::eventually("a moment of rest", Duration::from_secs(10), || {
        let (before, entries, after) = (books.money(), books.entries(), books.money());
        (before == after).then_some((entries, after))
    })
}

/// A settlement that was cut off between its decision and its record is the reaper's after half a minute of grace.
#[track_caller]
fn entry_after_grace(gate: &Gate, books: &Books, permit: &str) -> Value {
    let path = format!("/v1/audit/entries/{permit}");
    scenarios::eventually(&format!("the entry of {permit}"), Duration::from_secs(45), || {
        let answer = books.0.get(&path);
        if answer.status == 404 {
            gate.maintain();
            thread::sleep(Duration::from_millis(200));
            return None;
        }
        Some(answer.expect(200))
    })
}

#[test]
fn ops_5_what_was_made_is_there_after_a_power_cut() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let page = tenant.page();
    // Killed the moment the answer is there.
    let permit = tenant.server().post("/v1/preflight", &seconds(5)).expect(200);
    gate.kill9();
    gate.restart();
    let tenant = tenant.moved_to(&gate);
    let server = tenant.server();
    assert_eq!(server.get(&format!("/v1/sessions/{}", page.id)).expect(200)["status"], "active");
    let path = format!("{}/settle", permit_path(permit["limit_check_id"].as_str().unwrap()));
    server.post(&path, &json!({"units": 2, "unit_type": "seconds"})).expect(200);
    tenant.visitor().with_bearer(&page.token).post("/v1/chat/completions", &chat("Still here")).expect(200);
    assert_eq!(Books(&server).settled_money().held, 0);
}

#[test]
fn ops_5_a_video_that_a_crash_left_running_is_ended() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    tenant.page().caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    gate.kill9();
    gate.restart();
    Mocks::shared().call_when(&tenant, "/end", Duration::from_secs(30), |call| call["status"] == 200);
    let tenant = tenant.moved_to(&gate);
    let money = Books(&tenant.server()).settled_money();
    assert!(money.settled > 0 && money.settled <= 30_000_000, "{money:?}");
}
