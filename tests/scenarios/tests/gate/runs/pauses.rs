//! What stands in a run's way: money, vendors, its tenant's end.

use scenarios::{Books, Mocks, eventually, json, usd};

use super::{LIMIT, begin, clip, clips, handed, jobs, path, reporting, scenes, statuses, step, tenant, until};
use crate::house::{self, KIE_CREDIT, settled};

#[test]
fn run_1_a_hard_cap_in_the_middle_pauses_and_a_higher_one_lets_it_go_on() {
    // Enough for two clips and a half.
    let cap = |clips: i64| json!({"limits": {"monthly_cost_usd": usd(clips * 60 * KIE_CREDIT + 30 * KIE_CREDIT)}});
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), cap(2));
    let server = tenant.server();
    let run = begin(&server, &json!({"steps": [clips()], "input": scenes(5, "[[after:100]]")}));
    let paused = eventually("the pause", LIMIT, || {
        let now = server.get(&path(&run)).expect(200);
        assert!(now["status"] == "paused" || now["status"] == "running", "{now}");
        let made = statuses(&now).into_iter().filter(|status| *status == "done").count();
        (now["status"] == "paused" && made == 2).then_some(now)
    });
    assert_eq!(paused["pause"]["code"], "monthly_cap", "{paused}");
    assert_eq!(statuses(&paused), ["done", "done", "queued", "queued", "queued"], "{paused}");
    assert_eq!(settled(&server), 2 * 60 * KIE_CREDIT, "what was under way went on");
    // Continued under the same cap it pauses again, and nothing is spent.
    server.post(&format!("{}/continue", path(&run)), &json!({})).expect(200);
    eventually("the second pause", LIMIT, || {
        (server.get(&path(&run)).expect(200)["pause"]["code"] == "monthly_cap").then_some(())
    });
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 2);
    gate.admin().patch(&format!("/v1/tenants/{}", tenant.id), &cap(9)).expect(200);
    assert_eq!(server.get(&path(&run)).expect(200)["status"], "paused", "nobody has continued it");
    server.post(&format!("{}/continue", path(&run)), &json!({})).expect(200);
    until(&server, &run, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 5);
    assert_eq!(settled(&server), 5 * 60 * KIE_CREDIT);
}

/// A full house is no pause: the step waits its turn.
#[test]
fn run_1_a_burst_limit_only_makes_it_slower() {
    let tenant = reporting(house::gate(), Mocks::shared(), json!({"limits": {"burst": 2}}));
    let run = begin(&tenant.server(), &json!({"steps": [clips()], "input": scenes(4, "[[after:100]]")}));
    until(&tenant.server(), &run, "done");
    let made = jobs(Mocks::shared(), &tenant);
    assert_eq!(made.len(), 4, "each once: {made:?}");
}

#[test]
fn run_1_a_failed_step_is_tried_again_when_somebody_says_so() {
    let mocks = Mocks::start();
    let gate = house::gate();
    let tenant = reporting(gate, &mocks, json!({}));
    let server = tenant.server();
    house::fault(&mocks, &tenant, json!({"status": 400, "path": "/veo/generate", "times": 1}));
    let two = json!({"id": "two", "provider": "kie", "kind": "video", "input": {"prompt": "two [[after:100]]"},
        "after": ["one"]});
    let run = begin(&server, &json!({"steps": [clip("one", "one [[after:100]]"), two]}));
    let failed = until(&server, &run, "failed");
    assert_eq!((&failed["error"]["code"], statuses(&failed)), (&json!("step_failed"), vec!["failed", "cancelled"]));
    assert!(step(&failed, "one")["error"]["code"].is_string(), "{failed}");
    assert_eq!(settled(&server), 0, "a refusal costs nothing");
    let retry = format!("{}/continue", path(&run));
    assert_eq!(server.post(&retry, &json!({"retry": ["none"]})).refused(400, "invalid_request")["param"], "retry[0]");
    server.post(&retry, &json!({"retry": ["one"]})).expect(200);
    let done = until(&server, &run, "done");
    assert_eq!(
        (&step(&done, "one")["attempt"], step(&done, "one")["job"] == step(&failed, "one")["job"]),
        (&json!(2), false)
    );
    assert_eq!(settled(&server), 2 * 60 * KIE_CREDIT);
    server.post(&retry, &json!({"retry": ["one"]})).refused(409, "conflict");
}

/// What a vendor makes of a job is its step's failure; an optional one stops nothing.
#[test]
fn run_1_a_job_that_comes_to_nothing_fails_its_step_unless_it_is_optional() {
    let tenant = reporting(house::gate(), Mocks::shared(), json!({}));
    let server = tenant.server();
    let mut bad = clip("bad", "bad [[fail]] [[after:100]]");
    bad["optional"] = json!(true);
    let after = json!({"id": "after", "provider": "kie", "kind": "video", "input": {"prompt": "good [[after:100]]"},
        "after": ["bad"]});
    let run = begin(&server, &json!({"steps": [bad, after]}));
    let done = until(&server, &run, "done");
    assert_eq!(statuses(&done), ["failed", "done"], "{done}");
    assert_eq!(step(&done, "bad")["error"]["code"], "generation_failed", "{done}");
    let run = begin(&server, &json!({"steps": [clip("bad", "bad [[fail]] [[after:100]]")]}));
    assert_eq!(until(&server, &run, "failed")["error"]["code"], "step_failed");
    let wrong = json!({"id": "wrong", "provider": "kie", "kind": "dance"});
    let run = begin(&server, &json!({ "steps": [wrong] }));
    let failed = until(&server, &run, "failed");
    assert_eq!(step(&failed, "wrong")["error"]["code"], "invalid_request", "{failed}");
    assert_eq!(settled(&server), 60 * KIE_CREDIT, "one was made");
}

#[test]
fn run_1_a_run_of_a_tenant_that_is_gone_is_cancelled() {
    let tenant = tenant();
    let (server, gate) = (tenant.server(), house::gate());
    let run = begin(&server, &json!({"steps": [clips()], "input": scenes(6, "[[after:400]]")}));
    eventually("four to run", LIMIT, || (handed(Mocks::shared(), &tenant).len() == 4).then_some(()));
    assert_eq!(Books(&server).usage().open, 4);
    gate.admin().delete(&format!("/v1/tenants/{}", tenant.id)).done();
    server.get(&path(&run)).refused(401, "unauthenticated");
    std::thread::sleep(std::time::Duration::from_secs(8));
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 4, "nothing more begins");
}

/// A key that was stolen, and revoked, spends no more; who has a good one lets the run go on.
#[test]
fn run_1_a_revoked_key_begins_nothing_more_until_another_continues() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let server = tenant.server();
    let keys = format!("/v1/tenants/{}/keys", tenant.id);
    let issued = gate.admin().post(&keys, &json!({"kind": "secret"})).expect(201);
    let leaked = server.clone().with_bearer(issued["key"].as_str().unwrap());
    let gated = json!({"id": "ok", "gate": {"title": "Go on?"}});
    let mut made = clip("made", "made [[after:100]]");
    made["after"] = json!(["ok"]);
    let run = begin(&leaked, &json!({"steps": [gated, made]}));
    let waiting = until(&server, &run, "waiting");
    gate.admin().delete(&format!("{keys}/{}", issued["id"].as_str().unwrap())).done();
    super::gates::say(&gate.stranger(), &super::gates::link(&waiting), "approve").expect(200);
    let paused = until(&server, &run, "paused");
    assert_eq!(paused["pause"]["code"], "credential_revoked", "{paused}");
    assert!(handed(Mocks::shared(), &tenant).is_empty());
    server.post(&format!("{}/continue", path(&run)), &json!({})).expect(200);
    until(&server, &run, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 1);
}
