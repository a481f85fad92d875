//! The link and its page: bound to one opening of one gate, good until its time is over, and safe to look at.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scenarios::{Gate, Mocks, Value, json};

use super::gates::{begin_film, click, link, say};
use super::{begin, path, reporting, step, until};
use crate::house;

#[test]
fn run_2_a_page_shows_what_is_approved_and_decides_nothing_by_being_looked_at() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let server = tenant.server();
    let gate_step = json!({"id": "ok", "gate": {"title": "<script>alert(1)</script> ok?"}, "after": ["one"]});
    let one = json!({"id": "one", "provider": "kie", "kind": "video", "input": {"prompt": "x [[after:100]]"}});
    let input = json!({"note": "\"><img src=x onerror=alert(1)>", "to": "javascript:alert(1)", "n": 5});
    let run = begin(&server, &json!({"steps": [one, gate_step], "input": input}));
    let waiting = until(&server, &run, "waiting");
    let (link, anyone) = (link(&waiting), gate.stranger());
    for accept in ["text/html,application/xhtml+xml,application/json;q=0.1,*/*;q=0.8", "*/*", ""] {
        let page = anyone.call("GET", &link).header("accept", accept).send();
        let html = page.text();
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; ok?") && !html.contains("<script"), "{html}");
        assert!(!html.contains("<img") && !html.contains("href=\"javascript"), "{html}");
        let url = step(&waiting, "one")["result"]["urls"][0].as_str().unwrap();
        assert!(html.contains(&format!("<a href=\"{url}\" rel=\"noreferrer")), "{html}");
        let policy = page.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let told = anyone.call("GET", &link).header("accept", "application/json").send().expect(200);
    assert_eq!((&told["status"], &told["run_id"]), (&json!("open"), &run["id"]), "{told}");
    assert_eq!(server.get(&path(&run)).expect(200)["status"], "waiting", "looking decides nothing");
    for form in ["", "decision=", "decision=maybe", "comment=x", "decision=approve&decision=reject", "decision=%ff"] {
        let page = click(&anyone, &link, form);
        assert_eq!((page.status, page.header("content-type")), (400, Some("text/html; charset=utf-8")), "{form}");
    }
    say(&anyone, &link, "maybe").refused(400, "invalid_request");
    let long = json!({"decision": "approve", "comment": "x".repeat(2_001)});
    let refused = anyone.call("POST", &link).header("accept", "application/json").json(&long).send();
    assert_eq!(refused.refused(400, "invalid_request")["param"], "comment");
    anyone.delete(&link).refused(405, "method_not_allowed");
    assert_eq!(server.get(&path(&run)).expect(200)["status"], "waiting");
    assert_eq!(click(&anyone, &link, "decision=approve").status, 200);
    until(&server, &run, "done");
    // Used: the page says so, and what it was.
    for page in [anyone.get(&link), click(&anyone, &link, "decision=reject")] {
        assert!(page.status == 409 && page.text().contains("Approved on"), "{} {}", page.status, page.text());
    }
    assert_eq!(say(&anyone, &link, "reject").refused(409, "conflict")["code"], "gate_decided");
}

#[test]
fn run_2_a_forged_link_is_none() {
    let gate = house::gate();
    let tenant = reporting(gate, Mocks::shared(), json!({}));
    let (first, second) = (begin_film(gate, &tenant), begin_film(gate, &tenant));
    let (link, other, anyone) = (link(&first), link(&second), gate.stranger());
    let token = link.strip_prefix("/v1/approvals/").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [run, step, round, expires, mac] = parts[..] else { panic!("{token}") };
    let other_run = other.strip_prefix("/v1/approvals/").unwrap().split('.').next().unwrap();
    let later = (expires.parse::<u64>().unwrap() + 1).to_string();
    let turned = format!("{}{}", if mac.starts_with('0') { "1" } else { "0" }, &mac[1..]);
    for forged in [
        [run, step, round, expires, &turned].join("."),
        [run, step, round, expires, &mac[1..]].join("."),
        [run, step, round, expires, &mac.to_uppercase()]
            .join(".")
            .replace(&mac.to_uppercase(), &format!("{}A", &mac[1..])),
        [run, step, round, &later, mac].join("."),
        [run, step, "2", expires, mac].join("."),
        [run, step, "01", expires, mac].join("."),
        [run, "prepublish", round, expires, mac].join("."),
        [other_run, step, round, expires, mac].join("."),
        [run, step, round, expires].join("."),
        format!("{token}."),
        "x".repeat(4_000),
        "%00".into(),
        "a/b".into(),
        String::new(),
    ] {
        let path = format!("/v1/approvals/{forged}");
        assert_eq!(anyone.get(&path).status, 404, "{forged}");
        assert_eq!(click(&anyone, &path, "decision=approve").status, 404, "{forged}");
        say(&anyone, &path, "approve").refused(404, "not_found");
    }
    for run in [first, second] {
        assert_eq!(tenant.server().get(&path(&run)).expect(200)["status"], "waiting");
        tenant.server().post(&format!("{}/cancel", path(&run)), &json!({})).expect(200);
    }
    assert_eq!(say(&anyone, &link, "approve").refused(409, "conflict")["code"], "run_over");
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A gate is open for a minute at least; here its record is changed instead of waiting.
#[test]
fn run_2_a_link_expires_the_run_pauses_and_a_new_link_is_made() {
    let mut gate = Gate::start();
    house::price(&gate);
    let tenant = house::tenant(&gate, Mocks::shared(), "kie", json!({}), json!({}));
    let steps = json!([{"id": "ok", "gate": {"title": "Ok?"}}, {"id": "one", "provider": "kie", "kind": "video",
        "input": {"prompt": "late [[after:100]]"}, "after": ["ok"]}]);
    let run = begin(&tenant.server(), &json!({"steps": steps}));
    assert_eq!(run["status"], "waiting", "{run}");
    gate.kill9();
    house::change(&gate.data(), "run/", |run: &mut Value| {
        run["steps"][0]["task"]["gate"]["expires_at"] = json!(now_ms() + 4_000);
    });
    gate.restart();
    let (server, anyone) = (tenant.moved_to(&gate).server(), gate.stranger());
    let old = link(&server.get(&path(&run)).expect(200));
    let paused = until_paused(&server, &run);
    assert_eq!(paused["pause"]["code"], "gate_expired", "{paused}");
    assert_eq!(say(&anyone, &old, "approve").refused(403, "forbidden")["code"], "link_expired");
    let page = anyone.get(&old);
    assert!(page.status == 403 && page.text().contains("expired"), "{}", page.text());
    Mocks::shared().assert_not_called(&tenant);
    let again = server.post(&format!("{}/continue", path(&run)), &json!({})).expect(200);
    let new = link(&again);
    assert_eq!(say(&anyone, &old, "approve").refused(403, "forbidden")["code"], "link_expired");
    say(&anyone, &new, "approve").expect(200);
    until(&server, &run, "done");
}

#[track_caller]
fn until_paused(server: &scenarios::Caller, run: &Value) -> Value {
    scenarios::eventually("the gate's time to be over", super::LIMIT, || {
        thread::sleep(Duration::from_millis(200));
        Some(server.get(&path(run)).expect(200)).filter(|run| run["status"] == "paused")
    })
}
