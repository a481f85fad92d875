//! The gate is killed while runs go on: every job is handed over once, and charged once.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, eventually, json, random};

use super::{begin, clip, clips, handed, path, scenes, statuses, step, until};
use crate::house::{self, KIE_CREDIT, settled};
use crate::stored;

const ROUNDS: usize = 4;

/// Killed at random moments, most of them while jobs begin.
#[test]
fn run_1_however_often_it_is_killed_each_job_is_handed_over_once() {
    let mut gate = Gate::start();
    house::price(&gate);
    let patch = json!({"limits": {"monthly_cost_usd": "1000"}});
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", patch, json!({}));
    let runs: Vec<Value> = (0..3)
        .map(|_| begin(&tenant.server(), &json!({"steps": [clips()], "input": scenes(6, "[[looks:1]]")})))
        .collect();
    for _ in 0..ROUNDS {
        thread::sleep(Duration::from_millis(600 + u64::from(random::bytes::<1>()[0]) * 8));
        gate.kill9();
        gate.restart();
    }
    let server = tenant.moved_to(&gate).server();
    let mut ended = rest(&server, &runs);
    if ended.is_none() {
        // Killed between the note that a vendor is called and its answer: that takes three minutes to be given up.
        gate.kill9();
        give_up_lost(&gate);
        gate.restart();
        ended = rest(&tenant.moved_to(&gate).server(), &runs);
    }
    let server = tenant.moved_to(&gate).server();
    let ended = ended.expect("all runs have ended");
    let mut handed_over = BTreeMap::new();
    for prompt in handed(Mocks::shared(), &tenant) {
        *handed_over.entry(prompt).or_insert(0) += 1;
    }
    let (mut done, mut lost) = (0, 0);
    for (run, begun) in ended.iter().zip(&runs) {
        for (step, scene) in run["steps"].as_array().unwrap().iter().zip(begun["input"]["scenes"].as_array().unwrap()) {
            let times = handed_over.get(scene["prompt"].as_str().unwrap()).copied().unwrap_or(0);
            match step["status"].as_str() {
                Some("done") => {
                    assert_eq!(times, 1, "{step}");
                    done += 1;
                }
                Some("failed") => {
                    assert_eq!(step["error"]["code"], "lost", "{step}");
                    assert!(times <= 1, "{step}");
                    lost += 1;
                }
                _ => panic!("what is that? {step}"),
            }
            assert_eq!(step["attempt"], 1, "{step}");
        }
    }
    assert_eq!(done + lost, 18);
    assert!(done >= 10, "most were made: {done}");
    assert_eq!(settled(&server), i64::from(done + lost) * 60 * KIE_CREDIT, "each permit once");
    assert_eq!(Books(&server).entries().len(), 18, "each entry once");
}

/// All runs, once they are over; none after a while.
fn rest(server: &Caller, runs: &[Value]) -> Option<Vec<Value>> {
    let is_over = |run: &Value| matches!(run["status"].as_str(), Some("done" | "failed"));
    for _ in 0..150 {
        let now: Vec<Value> = runs.iter().map(|run| server.get(&path(run)).expect(200)).collect();
        if now.iter().all(is_over) && now.iter().flat_map(statuses).all(|status| status != "running") {
            return Some(now);
        }
        thread::sleep(Duration::from_millis(300));
    }
    None
}

/// Changes all jobs of a gate that stands still.
fn change_jobs(gate: &Gate, change: impl Fn(&mut Value)) {
    let store = stored::open(&gate.data());
    let mut select =
        store.prepare("SELECT key, value FROM spin_key_value WHERE substr(key, 1, 8) = 'job/job_'").unwrap();
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    for (key, value) in rows.map(Result::unwrap).collect::<Vec<_>>() {
        let mut job: Value = String::from_utf8(value).unwrap().parse().unwrap();
        change(&mut job);
        let update = "UPDATE spin_key_value SET value = ?2 WHERE key = ?1";
        store.execute(update, rusqlite::params![key, job.to_string().into_bytes()]).unwrap();
    }
}

/// Three minutes later.
fn give_up_lost(gate: &Gate) {
    change_jobs(gate, |job| {
        if job["vendor_id"].is_null() && job["run"]["sent"] == true {
            job["next_look"] = json!(0);
        }
    });
}

/// A run whose only job is under way for good, at a gate that then stands still.
fn stopped() -> (Gate, Tenant, Value) {
    let mut gate = Gate::start();
    house::price(&gate);
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    let run = begin(&tenant.server(), &json!({"steps": [clip("one", "[[after:6000]]")]}));
    let is_under_way = |run: &Value| step(run, "one")["job"].is_string();
    eventually("the job", super::LIMIT, || {
        let now = tenant.server().get(&path(&run)).expect(200);
        (is_under_way(&now) && handed(Mocks::shared(), &tenant).len() == 1).then_some(())
    });
    thread::sleep(Duration::from_millis(300));
    gate.kill9();
    (gate, tenant, run)
}

/// What the store holds after a crash at each place where a start can be cut off, and what becomes of it.
#[test]
fn run_1_a_start_is_taken_up_where_it_was_cut_off() {
    // Before the run knew of its job: the record is found, and nobody is called again.
    let (mut gate, tenant, run) = stopped();
    let job = json!(null);
    house::change(&gate.data(), "run/", |run| {
        run["steps"][0]["status"] = json!("starting");
        run["steps"][0]["job"] = job.clone();
        run["steps"][0]["permit"] = json!(null);
    });
    gate.restart();
    let done = until(&tenant.moved_to(&gate).server(), &run, "done");
    assert!(step(&done, "one")["job"].is_string() && step(&done, "one")["limit_check_id"].is_string(), "{done}");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 1);

    // Enlisted, and the vendor not called as the record says: it is called now, under the same permit.
    let (mut gate, tenant, run) = stopped();
    change_jobs(&gate, |job| {
        job["run"]["sent"] = json!(false);
        job["vendor_id"] = json!(null);
        job["next_look"] = json!(job["next_look"].as_u64().unwrap() + 3_600_000);
    });
    // Nor has anybody won the right to call it.
    let store = stored::open(&gate.data());
    let won = store.execute("DELETE FROM spin_key_value WHERE substr(key, 1, 12) = 'job-calling/'", []).unwrap();
    assert_eq!(won, 1);
    drop(store);
    gate.restart();
    let server = tenant.moved_to(&gate).server();
    until(&server, &run, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 2, "once before the record was changed, and once after");
    assert_eq!(settled(&server), 60 * KIE_CREDIT, "one permit");

    // The vendor was called, and nobody knows what it said: never again.
    let (mut gate, tenant, run) = stopped();
    change_jobs(&gate, |job| {
        job["vendor_id"] = json!(null);
        job["next_look"] = json!(0);
    });
    gate.restart();
    let server = tenant.moved_to(&gate).server();
    let failed = until(&server, &run, "failed");
    assert_eq!(step(&failed, "one")["error"]["code"], "lost", "{failed}");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 1);
    assert_eq!(settled(&server), 60 * KIE_CREDIT, "it may have been begun");
}
