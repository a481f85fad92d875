//! `POST /v1/maintenance` is idempotent: an operator's call may overlap the host's own round every second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::tenant::{permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, json};

use crate::house;

const SETTLEMENTS: usize = 400;

#[test]
fn aud_1_overlapping_maintenance_loses_no_entry_and_doubles_none() {
    let gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let server = tenant.server();
    let done = AtomicBool::new(false);
    let settled: Vec<String> = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    gate.maintain();
                }
            });
        }
        let settled = at_once(4, |_| {
            let settle = |_| {
                let permit = server.post("/v1/preflight", &seconds(2)).expect(200);
                let id = permit["limit_check_id"].as_str().unwrap().to_owned();
                let path = format!("{}/settle", permit_path(&id));
                server.post(&path, &json!({"units": 1, "unit_type": "seconds"})).expect(200);
                id
            };
            (0..SETTLEMENTS / 4).map(settle).collect::<Vec<_>>()
        });
        done.store(true, Ordering::Relaxed);
        settled.concat()
    });
    gate.maintain();
    let books = Books(&server);
    let lost: Vec<&String> =
        settled.iter().filter(|id| server.get(&format!("/v1/audit/entries/{id}")).status != 200).collect();
    assert_eq!(lost, Vec::<&String>::new(), "acknowledged settlements without an entry");
    let money = books.settled_money();
    assert_eq!(money.settled, SETTLEMENTS as i64 * 1_000_000, "each settlement counts once");
    let mut listed: Vec<String> =
        books.entries().iter().map(|entry| entry["limit_check_id"].as_str().unwrap().to_owned()).collect();
    let mut expected = settled.clone();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected, "each settlement is listed once");
}

/// A gate that the test maintains: its own timer calls no route that stands for more than itself.
fn maintained_by_hand() -> Gate {
    let gate = Gate::start_changed(|manifest| {
        let manifest = manifest.replace("/v1/maintenance/runs\"", "/v1/nobody\"");
        manifest.replace("/v1/maintenance\"", "/v1/maintenance/...\"")
    });
    house::price(&gate);
    gate
}

/// The kill switch is in the same round: it must not wait for those who have nothing to do with it.
#[track_caller]
fn maintain_at_once(gate: &Gate) -> Value {
    let begun = Instant::now();
    let answer = gate.admin().call("POST", "/v1/maintenance").send().expect(200);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    answer
}

/// A job that is done when it is looked at, which is after five seconds.
fn job() -> Value {
    let input = json!({"prompt": "A lighthouse in the fog [[after:0]]", "aspect_ratio": "16:9"});
    json!({"provider": "kie", "kind": "video", "input": input})
}

#[track_caller]
fn status(server: &Caller, kind: &str, made: &Value) -> Value {
    let id = made["id"].as_str().unwrap_or_else(|| panic!("no id in {made}"));
    server.get(&format!("/v1/{kind}/{id}")).expect(200)["status"].clone()
}

#[test]
fn ses_6_a_job_vendor_that_hangs_does_not_hold_the_round_up() {
    let gate = maintained_by_hand();
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    let server = tenant.server();
    let jobs: Vec<Value> = (0..2).map(|_| server.post("/v1/jobs", &job()).expect(202).clone()).collect();
    house::fault(Mocks::shared(), &tenant, json!({"hang": true, "path": "/record-info", "times": jobs.len()}));
    thread::sleep(Duration::from_millis(5_100));
    let looked = maintain_at_once(&gate);
    assert_eq!((&looked["status"], &looked["finished_jobs"]), (&json!("ok"), &json!(0)), "{looked}");
    // Asked once each, and the next time they answer.
    thread::sleep(Duration::from_millis(5_100));
    assert_eq!(maintain_at_once(&gate)["finished_jobs"], 2);
    for job in &jobs {
        assert_eq!(status(&server, "jobs", job), "done");
    }
}

#[test]
fn ses_6_a_run_whose_vendor_hangs_does_not_hold_the_round_up() {
    let gate = maintained_by_hand();
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    let mut step = job();
    step["id"] = json!("clip");
    house::fault(Mocks::shared(), &tenant, json!({"hang": true, "path": "/veo/generate", "times": 1}));
    let run = tenant.server().post("/v1/runs", &json!({"input": {}, "steps": [step]})).expect(201).clone();
    Mocks::shared().assert_not_called(&tenant);
    maintain_at_once(&gate);
    // The round goes on by itself.
    Mocks::shared().call_when(&tenant, "/veo/generate", Duration::from_secs(5), |_| true);
    assert_eq!(status(&tenant.server(), "runs", &run), "running");
}
