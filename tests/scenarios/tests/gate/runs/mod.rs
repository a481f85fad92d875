//! RUN-1, RUN-2: runs of jobs and human gates, each job once at the vendor, and never more at once than there may be.

mod access;
mod bounds;
mod crashes;
mod gates;
mod links;
mod pauses;
mod recipes;

use std::thread;
use std::time::Duration;

use scenarios::{Caller, Gate, Mocks, Tenant, Value, eventually, json, unique};

use crate::house;

const RUNS: &str = "/v1/runs";
/// Long enough for the slow poll to have come by twice.
const LIMIT: Duration = Duration::from_secs(30);

/// A tenant of the shared gate with kie alone, whose reports nobody sends.
fn tenant() -> Tenant {
    house::tenant(house::gate(), Mocks::shared(), "kie", json!({}), json!({}))
}

/// A tenant whose vendor reports to the gate, as an operator sets it up.
fn reporting(gate: &Gate, mocks: &Mocks, patch: Value) -> Tenant {
    let secret = unique("whsec-");
    let tenant = house::tenant(gate, mocks, "kie", patch, json!({"webhook_secret": secret}));
    let url = format!("{}/v1/webhooks/kie/{}", gate.url, tenant.id);
    let hook = json!({"key": house::key(&tenant), "secret": secret, "url": url});
    mocks.control().post("/control", &json!({"vendor": "kie", "webhook": hook})).expect(200);
    tenant
}

/// A step that makes a video.
fn clip(id: &str, prompt: &str) -> Value {
    json!({"id": id, "provider": "kie", "kind": "video", "input": {"prompt": prompt}})
}

/// A step that makes a video of every scene of the input.
fn clips() -> Value {
    json!({"id": "clips", "provider": "kie", "kind": "video", "each": "/input/scenes",
        "input": {"prompt": {"$from": "/item/prompt"}, "aspect_ratio": "16:9"}})
}

/// Scenes with prompts that nobody else has.
fn scenes(count: usize, words: &str) -> Value {
    let own = unique("scene-");
    json!({"scenes": (0..count).map(|n| json!({"prompt": format!("{own}-{n} {words}")})).collect::<Vec<_>>()})
}

#[track_caller]
fn begin(server: &Caller, body: &Value) -> Value {
    let answer = server.post(RUNS, body);
    let run = answer.expect(201);
    assert!(run["id"].as_str().is_some_and(|id| id.starts_with("run_")), "{run}");
    assert_eq!(answer.header("location"), Some(path(&run).as_str()));
    run
}

fn path(run: &Value) -> String {
    format!("{RUNS}/{}", run["id"].as_str().unwrap_or_else(|| panic!("no id in {run}")))
}

/// The run once its status is this one; any other at which it would rest is a failure.
#[track_caller]
fn until(server: &Caller, run: &Value, status: &str) -> Value {
    eventually(&format!("the run to be {status}"), LIMIT, || {
        let now = server.get(&path(run)).expect(200);
        if now["status"] == status {
            return Some(now);
        }
        let rests = matches!(now["status"].as_str(), Some("done" | "failed" | "cancelled" | "paused" | "waiting"));
        assert!(!rests, "not {status}: {now}");
        thread::sleep(Duration::from_millis(150));
        None
    })
}

#[track_caller]
fn step<'a>(run: &'a Value, id: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap_or_else(|| panic!("no steps in {run}"));
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no {id} in {run}"))
}

fn statuses(run: &Value) -> Vec<&str> {
    run["steps"].as_array().expect("steps").iter().map(|step| step["status"].as_str().expect("a status")).collect()
}

/// What was handed to the vendor, prompt by prompt, oldest first.
fn handed(mocks: &Mocks, tenant: &Tenant) -> Vec<String> {
    let posts = mocks.calls_of(tenant).into_iter().filter(|call| call["method"] == "POST");
    posts.map(|call| call["body"]["prompt"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The tenant's jobs as the vendor has them.
fn jobs(mocks: &Mocks, tenant: &Tenant) -> Vec<Value> {
    let all = mocks.control().get("/control/jobs").expect(200);
    let own = all.as_array().expect("a list").iter().filter(|job| job["key"] == house::key(tenant).as_str());
    own.cloned().collect()
}

/// How many of the jobs were under way at once, at the most.
fn most_at_once(jobs: &[Value]) -> usize {
    let time = |job: &Value, name: &str| job[name].as_u64().unwrap_or(u64::MAX);
    let under_way =
        |at: u64| jobs.iter().filter(move |job| time(job, "created_ms") <= at && at < time(job, "ended_ms"));
    jobs.iter().map(|job| under_way(time(job, "created_ms")).count()).max().unwrap_or(0)
}
