//! A recipe with two gates, from its idea to its end: approved, rejected, asked again.

use scenarios::wait::at_once;
use scenarios::{Answer, Caller, Gate, Mocks, Tenant, Value, json};

use super::{begin, clip, handed, path, reporting, scenes, statuses, step, until};
use crate::house::{self, KIE_CREDIT, settled};

/// An idea, a person's word, a clip of each scene, another word, and the film.
pub fn film() -> Value {
    json!({"title": "Film <of> 2", "steps": [
        clip("idea", "an idea [[after:100]]"),
        {"id": "ideate", "gate": {"title": "Is the idea good?"}, "after": ["idea"]},
        {"id": "clips", "provider": "kie", "kind": "video", "each": "/input/scenes", "after": ["ideate"],
            "input": {"prompt": {"$from": "/item/prompt"}}},
        {"id": "prepublish", "gate": {"title": "Publish it?"}, "after": ["clips"]},
        {"id": "film", "provider": "kie", "kind": "video", "after": ["prepublish"],
            "input": {"prompt": {"$from": "/steps/clips/result/1/urls/0"}}},
    ]})
}

/// The link to the gate that is open, at this gate.
#[track_caller]
pub fn link(run: &Value) -> String {
    let url = run["gate"]["approval_url"].as_str().unwrap_or_else(|| panic!("no link in {run}"));
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    url[url.find("/v1/").expect("a path")..].to_owned()
}

/// A person's click.
pub fn click(anyone: &Caller, link: &str, form: &str) -> Answer {
    anyone.call("POST", link).bytes("application/x-www-form-urlencoded", form.as_bytes()).send()
}

/// A program's word.
pub fn say(anyone: &Caller, link: &str, decision: &str) -> Answer {
    anyone.call("POST", link).header("accept", "application/json").json(&json!({"decision": decision})).send()
}

pub fn begin_film(gate: &Gate, tenant: &Tenant) -> Value {
    let server = tenant.moved_to(gate).server();
    server.put("/v1/projects/film", &film()).done();
    let run = begin(&server, &json!({"project": "film", "input": scenes(2, "[[after:100]]")}));
    until(&server, &run, "waiting")
}

#[test]
fn run_2_a_film_waits_at_both_gates_and_is_made_in_order() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let (server, anyone) = (tenant.server(), gate.stranger());
    let waiting = begin_film(gate, &tenant);
    assert_eq!(statuses(&waiting), ["done", "waiting", "blocked", "blocked", "blocked", "blocked"], "{waiting}");
    assert_eq!((&waiting["gate"]["id"], &waiting["gate"]["title"]), (&json!("ideate"), &json!("Is the idea good?")));
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 1);
    let listed = server.get("/v1/runs?status=waiting").expect(200);
    assert_eq!(listed["runs"][0]["gate"], waiting["gate"], "{listed}");

    let first = link(&waiting);
    let approved = click(&anyone, &first, "decision=approve&comment=Sch%C3%B6n+%3Cb%3E");
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert!(approved.text().contains("Approved on") && approved.text().contains("Schön &lt;b&gt;"));
    let now = server.get(&path(&waiting)).expect(200);
    assert_eq!(step(&now, "ideate")["result"]["comment"], "Schön <b>", "{now}");
    let waiting = until_gate(&server, &waiting, "prepublish");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 3, "nothing of what comes after the gate");
    // The first link opens no other gate.
    assert_eq!(say(&anyone, &first, "approve").refused(409, "conflict")["code"], "gate_decided");
    let told = say(&anyone, &link(&waiting), "approve").expect(200);
    assert_eq!((&told["status"], &told["gate"]["id"]), (&json!("approved"), &json!("prepublish")), "{told}");

    let done = until(&server, &waiting, "done");
    let prompts = handed(Mocks::shared(), &tenant);
    assert_eq!(prompts.len(), 4, "{prompts:?}");
    assert_eq!(json!(prompts[3]), step(&done, "clips.2")["result"]["urls"][0], "made of what came out before");
    assert_eq!(done["result"]["results"].as_object().unwrap().keys().collect::<Vec<_>>(), ["film"], "{done}");
    assert_eq!((&done["gate"], &done["pause"]), (&Value::Null, &Value::Null));
    assert_eq!(settled(&server), 4 * 60 * KIE_CREDIT);
    // Outsiders hear of all of it, each thing once.
    let kinds = |kind: &str| -> Vec<Value> {
        let feed = server.get("/v1/events?limit=100").expect(200);
        let all = feed["events"].as_array().unwrap_or_else(|| panic!("no events in {feed}"));
        all.iter().filter(|event| event["type"] == kind).cloned().collect()
    };
    for (kind, times) in [("run.started", 1), ("run.waiting", 2), ("run.done", 1), ("job.done", 4), ("run.failed", 0)] {
        let told = scenarios::eventually(kind, super::LIMIT, || Some(kinds(kind)).filter(|told| told.len() >= times));
        assert_eq!(told.len(), times, "{kind}: {told:?}");
    }
    let asked = &kinds("run.waiting")[0]["data"];
    assert_eq!((&asked["run_id"], &asked["gate"]["id"]), (&done["id"], &json!("ideate")), "{asked}");
    assert!(asked["gate"]["approval_url"].as_str().is_some_and(|url| url.ends_with(&first)), "{asked}");
}

/// At one gate and then at the other, through the moments between.
#[track_caller]
fn until_gate(server: &Caller, run: &Value, gate: &str) -> Value {
    scenarios::eventually(gate, super::LIMIT, || {
        let now = server.get(&path(run)).expect(200);
        (now["gate"]["id"] == gate).then_some(now)
    })
}

#[test]
fn run_2_a_rejection_ends_the_run_and_a_retry_asks_again() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let (server, anyone) = (tenant.server(), gate.stranger());
    let waiting = begin_film(gate, &tenant);
    let old = link(&waiting);
    let rejected = click(&anyone, &old, "decision=reject&comment=Too+dark");
    assert!(rejected.status == 200 && rejected.text().contains("Rejected on"), "{}", rejected.text());
    let failed = until(&server, &waiting, "failed");
    assert_eq!((&failed["error"]["code"], &failed["error"]["message"]), (&json!("rejected"), &json!("Too dark")));
    assert_eq!(step(&failed, "ideate")["status"], "rejected");
    server.post(&format!("{}/continue", path(&failed)), &json!({})).refused(409, "conflict");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 1, "nothing more was spent");
    server.post(&format!("{}/continue", path(&failed)), &json!({"retry": ["ideate"]})).expect(200);
    let again = until(&server, &failed, "waiting");
    let new = link(&again);
    assert_ne!(new, old);
    assert_eq!(say(&anyone, &old, "approve").refused(403, "forbidden")["code"], "link_expired");
    say(&anyone, &new, "approve").expect(200);
    let waiting = until_gate(&server, &again, "prepublish");
    say(&anyone, &link(&waiting), "approve").expect(200);
    until(&server, &waiting, "done");
    assert_eq!(handed(Mocks::shared(), &tenant).len(), 4);
}

#[test]
fn run_2_of_many_who_decide_at_once_one_does() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let waiting = begin_film(gate, &tenant);
    let (link, anyone) = (link(&waiting), gate.stranger());
    let word = |n: usize| if n.is_multiple_of(2) { "approve" } else { "reject" };
    let answers = at_once(6, |n| (n, say(&anyone, &link, word(n))));
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|(_, answer)| answer.status == 200);
    assert_eq!(won.len(), 1, "{answers:?}");
    for (_, answer) in lost {
        let refused = answer.refused(409, "conflict");
        assert!(refused["code"] == "gate_decided", "{refused}");
    }
    let now = tenant.server().get(&path(&waiting)).expect(200);
    let expected = if word(won[0].0) == "approve" { "approved" } else { "rejected" };
    assert_eq!(step(&now, "ideate")["status"], expected, "{now}");
    assert_eq!(now["status"] == "failed", expected == "rejected", "{now}");
    if expected == "approved" {
        tenant.server().post(&format!("{}/cancel", path(&now)), &json!({})).expect(200);
    }
}
