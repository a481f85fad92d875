//! `POST /v1/maintenance` is idempotent: an operator's call may overlap the host's own round every second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use scenarios::tenant::{permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Tenant, json};

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
