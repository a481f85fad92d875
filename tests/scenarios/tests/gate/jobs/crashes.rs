//! The gate is killed while jobs begin or are under way.

use std::thread;
use std::time::Duration;

use scenarios::{Books, Gate, Mocks, json};

use super::{JOBS, PERMIT, VENDORS, body, create, facts, finished};
use crate::house::{self, KIE_CREDIT, settled};

/// Killed while the vendor has the job and the gate has no answer. The gate's clock is moved on by its record, for it
/// waits three minutes before it gives an answer up.
#[test]
fn prx_2_a_job_whose_answer_was_lost_in_a_crash_is_charged_and_not_held_for_ever() {
    let mut gate = Gate::start();
    house::price(&gate);
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    thread::scope(|scope| {
        let server = tenant.server();
        scope.spawn(move || {
            let answer = server.call("POST", JOBS).json(&body("kie", "[[delay:8000]]")).try_send();
            assert!(answer.is_err(), "killed before it could answer");
        });
        Mocks::shared().call_when(&tenant, "/veo/generate", Duration::from_secs(5), |_| true);
        gate.kill9();
    });
    gate.restart();
    let server = tenant.moved_to(&gate).server();
    assert_eq!(Books(&server).money().held, 60 * KIE_CREDIT, "the vendor may be at it");
    gate.kill9();
    let mut id = String::new();
    house::change(&gate.data(), "job/", |job| {
        assert!(job["vendor_id"].is_null(), "{job}");
        job["next_look"] = json!(0);
        id = job["id"].as_str().unwrap().to_owned();
    });
    gate.restart();
    let server = tenant.moved_to(&gate).server();
    let lost = finished(&server, &json!({"id": id, PERMIT: server.get(&format!("{JOBS}/{id}")).expect(200)[PERMIT]}));
    assert_eq!((&lost["status"], &lost["error"]["code"]), (&json!("failed"), &json!("lost")), "{lost}");
    assert_eq!(settled(&server), 60 * KIE_CREDIT, "charged in full");
}

/// Killed once the job is under way: it goes on as if nothing had been.
#[test]
fn prx_2_jobs_under_way_survive_a_crash() {
    let mut gate = Gate::start();
    house::price(&gate);
    let begun = VENDORS.map(|vendor| {
        let tenant = house::tenant(&gate, Mocks::shared(), vendor, json!({}), json!({}));
        let job = create(&tenant.server(), &body(vendor, ""));
        (vendor, tenant, job)
    });
    gate.kill9();
    gate.restart();
    for (vendor, tenant, job) in begun {
        let server = tenant.moved_to(&gate).server();
        assert_eq!(finished(&server, &job)["status"], "done", "{vendor}");
        assert_eq!(settled(&server), facts(vendor).3, "{vendor}");
    }
}
