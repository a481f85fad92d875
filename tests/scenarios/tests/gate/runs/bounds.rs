//! Four at once, sixteen more, and not one beyond.

use std::time::{Duration, Instant};

use scenarios::{Books, Gate, Mocks, Value, eventually, json};

use super::{
    LIMIT, RUNS, begin, clip, clips, handed, jobs, most_at_once, path, reporting, scenes, statuses, tenant, until,
};
use crate::house::{self, KIE_CREDIT, settled};

#[test]
fn run_1_twelve_clips_run_four_at_once_and_each_once() {
    let tenant = reporting(house::gate(), Mocks::shared(), json!({}));
    let server = tenant.server();
    let input = scenes(12, "[[after:700]]");
    let run = begin(&server, &json!({"steps": [clips()], "input": input}));
    let mut reached = 0;
    let done = eventually("the run's end", LIMIT, || {
        let now = server.get(&path(&run)).expect(200);
        let running = statuses(&now).into_iter().filter(|status| *status == "running").count();
        assert!(running <= 4, "{now}");
        reached = reached.max(running);
        (now["status"] == "done").then_some(now)
    });
    assert_eq!(reached, 4, "four were shown at once");
    let made = jobs(Mocks::shared(), &tenant);
    assert_eq!((made.len(), most_at_once(&made)), (12, 4), "the vendor saw four at once, and never more");
    let mut prompts = handed(Mocks::shared(), &tenant);
    let wanted: Vec<&str> = input["scenes"].as_array().unwrap().iter().map(|s| s["prompt"].as_str().unwrap()).collect();
    prompts[..4].sort();
    assert_eq!(prompts[..4], wanted[..4], "the first in the queue went first");
    prompts.sort();
    let mut sorted: Vec<&str> = wanted.clone();
    sorted.sort_unstable();
    assert_eq!(prompts, sorted, "each scene once");
    let results = done["result"]["results"].as_object().unwrap();
    assert_eq!(results.len(), 12, "{done}");
    assert!(results.values().all(|result| result["urls"][0].as_str().is_some_and(|url| url.starts_with("http"))));
    assert_eq!(settled(&server), 12 * 60 * KIE_CREDIT);
    // Every step has its permit, and every permit its entry.
    for step in done["steps"].as_array().unwrap() {
        let entry = Books(&server).entry(step["limit_check_id"].as_str().unwrap());
        assert_eq!((&entry["provider"], &entry["capability"]), (&json!("kie"), &json!("jobs")), "{entry}");
        let job = server.get(&format!("/v1/jobs/{}", step["job"].as_str().unwrap())).expect(200);
        assert_eq!((&job["run_id"], &job["step"], &job["status"]), (&run["id"], &step["id"], &json!("done")));
    }
}

#[test]
fn run_1_the_twenty_first_unfinished_step_is_refused_and_nothing_is_added() {
    let tenant = tenant();
    let server = tenant.server();
    let full = |answer: scenarios::Answer| {
        let refused = answer.refused(429, "rate_limited");
        assert_eq!(refused["code"], "queue_full", "{refused}");
    };
    full(server.post(RUNS, &json!({"steps": [clips()], "input": scenes(21, "[[stuck]]")})));
    assert_eq!(server.get(RUNS).expect(200)["runs"], json!([]), "nothing was begun");
    Mocks::shared().assert_not_called(&tenant);
    let run = begin(&server, &json!({"steps": [clips()], "input": scenes(20, "[[stuck]]")}));
    eventually("four to run", LIMIT, || (handed(Mocks::shared(), &tenant).len() == 4).then_some(()));
    full(server.post(&format!("{}/continue", path(&run)), &json!({"steps": [clip("more", "one more")]})));
    let now = server.get(&path(&run)).expect(200);
    assert_eq!(statuses(&now).len(), 20, "{now}");
    let count = |status: &str| statuses(&now).into_iter().filter(|one| *one == status).count();
    assert_eq!((count("running"), count("queued")), (4, 16), "{now}");
    // A run's bounds are its own.
    begin(&server, &json!({"steps": [clip("other", "[[stuck]]")]}));
    let cancelled = server.post(&format!("{}/cancel", path(&run)), &json!({})).expect(200);
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    assert_eq!(server.post(&format!("{}/cancel", path(&run)), &json!({})).expect(200)["status"], "cancelled");
    server.post(&format!("{}/continue", path(&run)), &json!({})).refused(409, "conflict");
    std::thread::sleep(Duration::from_secs(3));
    let prompts = handed(Mocks::shared(), &tenant);
    assert_eq!(prompts.len(), 5, "what had not begun never begins: {prompts:?}");
}

/// Without a report the first look comes after five seconds, so what is over sooner was over by its report.
#[test]
fn run_1_a_report_brings_a_run_on_at_once_and_the_poll_without_one() {
    let sooner = (0..4).any(|_| {
        let tenant = reporting(house::gate(), Mocks::shared(), json!({}));
        let begun = Instant::now();
        let run = begin(&tenant.server(), &json!({"steps": [clip("one", "quick [[after:300]]")]}));
        until(&tenant.server(), &run, "done");
        begun.elapsed() < Duration::from_millis(4_500)
    });
    assert!(sooner, "the machine is too slow to tell, or reports do nothing");
    let tenant = tenant();
    let run = begin(&tenant.server(), &json!({"steps": [clip("one", "slow [[after:300]]")]}));
    let done = until(&tenant.server(), &run, "done");
    assert_eq!(done["result"]["results"]["one"]["urls"].as_array().map(Vec::len), Some(1), "{done}");
}

/// Who asks for the run drives it, where nobody else does.
#[test]
fn run_1_a_gate_that_nobody_maintains_goes_on_when_it_is_asked() {
    let gate = Gate::start_changed(|manifest| {
        manifest.replace("/v1/maintenance\"", "/v1/nobody\"").replace("/v1/maintenance/runs\"", "/v1/nobody/runs\"")
    });
    house::price(&gate);
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    let server = tenant.server();
    let after: Value = json!({"id": "two", "provider": "kie", "kind": "video", "input": {"prompt": "b [[after:100]]"},
        "after": ["one"]});
    let run = begin(&server, &json!({"steps": [clip("one", "a [[after:100]]"), after]}));
    until(&server, &run, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 2);
}
