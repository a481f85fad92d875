//! What a tenant's server is told, and how often.

use std::fs;
use std::time::{Duration, Instant};

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json};

use super::{LIMIT, Listener, check_signed, counts, endpoint, listen, new_secret, silent_server};
use crate::{house, stored};

#[test]
fn run_1_a_tenants_server_is_told_of_sessions_denials_and_jobs() {
    let gate = house::gate();
    let (listener, mocks) = (Listener::start(), Mocks::shared());
    let tenant = house::tenant(gate, mocks, "shotstack", json!({}), json!({}));
    let secret = listen(gate, &tenant, &listener);

    let page = tenant.page();
    let started = listener.wait("session.started", 1);
    assert_eq!(started[0]["data"]["session"], page.id.as_str(), "{started:?}");

    let timeline =
        json!({"tracks": [{"clips": [{"asset": {"type": "title", "text": "Hi"}, "start": 0, "length": 5.5}]}]});
    let input = json!({"timeline": timeline, "output": {"format": "mp4", "resolution": "sd"}});
    let body = json!({"provider": "shotstack", "kind": "render", "input": input});
    let job = tenant.server().post("/v1/jobs", &body).expect(202);
    let done = listener.wait("job.done", 1);
    assert!(done[0]["data"].to_string().contains(job["id"].as_str().expect("an id")), "{done:?}");

    gate.admin()
        .patch(&format!("/v1/tenants/{}", tenant.id), &json!({"limits": {"monthly_cost_usd": "0.000001"}}))
        .done();
    for _ in 0..5 {
        tenant.server().post("/v1/preflight", &seconds(1_000)).refused(402, "hard_cap");
    }
    let denied = listener.wait("limit.denied", 1);
    assert_eq!(denied[0]["data"]["code"].as_str().map(str::is_empty), Some(false), "{denied:?}");

    page.end().expect(204);
    let ended = listener.wait("session.ended", 1);
    assert_eq!(ended[0]["data"]["reason"], "page", "{ended:?}");

    let asked = listener.asked();
    asked.iter().for_each(|asked| check_signed(asked, &[&secret]));
    assert!(counts(&asked).values().all(|count| *count == 1), "{:?}", counts(&asked));
    assert!(listener.events("limit.denied").len() <= 2, "at most one a minute");
    for (first, then) in [("session.started", "session.ended"), ("session.started", "job.done")] {
        let kinds: Vec<Value> =
            asked.iter().map(|asked| serde_json::from_slice::<Value>(&asked.body).unwrap()["type"].clone()).collect();
        let place = |kind: &str| kinds.iter().position(|found| found == kind);
        assert!(place(first) < place(then), "{kinds:?}");
    }
}

#[test]
fn run_1_a_server_that_fails_is_told_again_and_others_of_its_events_dont_wait() {
    let gate = Gate::shared();
    let (tenant, listener) = (Tenant::new(gate, json!({})), Listener::start());
    let secret = listen(gate, &tenant, &listener);
    let server = tenant.server();
    listener.answers(500);
    let first = server.post("/v1/events/test", &json!({})).expect(202);
    listener.wait("test", 1);
    listener.answers(200);
    let second = server.post("/v1/events/test", &json!({})).expect(202);
    let got = eventually("both", LIMIT, || Some(listener.asked()).filter(|asked| asked.len() >= 3));
    let ids: Vec<_> = got.iter().map(|asked| asked.header("webhook-id").unwrap().to_owned()).collect();
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    assert_eq!(ids, [id(&first), id(&second), id(&first)], "the second passed the first");
    got.iter().for_each(|asked| check_signed(asked, &[&secret]));
    assert_eq!(server.get("/v1/events/dead-letters").expect(200), json!({"dead_letters": []}));
}

#[test]
fn run_1_a_server_that_says_gone_is_told_nothing_until_it_is_set_anew() {
    let gate = Gate::shared();
    let (tenant, listener) = (Tenant::new(gate, json!({})), Listener::start());
    listen(gate, &tenant, &listener);
    let (admin, server) = (gate.admin(), tenant.server());
    let status = || admin.get(&endpoint(&tenant)).expect(200)["status"].clone();
    assert_eq!(status(), "active");
    listener.answers(410);
    server.post("/v1/events/test", &json!({})).expect(202);
    eventually("refused", LIMIT, || (status() == "refused").then_some(()));
    listener.answers(200);
    server.post("/v1/events/test", &json!({})).expect(202);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(listener.asked().len(), 1, "it is left alone");
    admin.put(&endpoint(&tenant), &json!({"url": listener.url()})).expect(200);
    assert_eq!(status(), "active");
    listener.wait("test", 3);
    assert_eq!(counts(&listener.asked()).into_values().max(), Some(2), "the one that was refused, and the other");
}

#[test]
fn run_1_a_silent_server_keeps_no_other_waiting() {
    let gate = Gate::shared();
    let (silent, connections) = silent_server();
    let listener = Listener::start();
    let quick = Tenant::new(gate, json!({}));
    listen(gate, &quick, &listener);
    // More than are delivered to at once.
    for _ in 0..10 {
        let slow = Tenant::new(gate, json!({}));
        gate.admin().put(&endpoint(&slow), &json!({"url": silent.url()})).expect(200);
        slow.server().post("/v1/events/test", &json!({})).expect(202);
    }
    eventually("the silent ones are asked", LIMIT, || (*connections.lock().unwrap() >= 8).then_some(()));
    for count in 1..=3 {
        let asked = Instant::now();
        quick.server().post("/v1/events/test", &json!({})).expect(202);
        listener.wait("test", count);
        assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    }
}

#[test]
fn run_1_an_event_is_told_though_the_gate_is_killed() {
    let mut gate = Gate::start();
    let (tenant, listener) = (Tenant::new(&gate, json!({})), Listener::start());
    listen(&gate, &tenant, &listener);
    listener.answers(500);
    let mut ids = Vec::new();
    for round in 0..2 {
        let server = tenant.moved_to(&gate).server();
        for _ in 0..4 {
            ids.push(server.post("/v1/events/test", &json!({})).expect(202)["id"].as_str().unwrap().to_owned());
        }
        std::thread::sleep(Duration::from_millis(300 * round));
        gate.kill9();
        listener.answers(200);
        gate.restart();
    }
    let got = eventually("all", Duration::from_secs(60), || {
        let got = counts(&listener.asked());
        ids.iter().all(|id| got.contains_key(id)).then_some(got)
    });
    assert_eq!(got.len(), ids.len(), "{got:?}");
}

#[test]
fn prx_6_neither_the_secret_nor_the_address_is_written_down() {
    let gate = Gate::start();
    let mut tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    tenant.vendor_secrets.clear();
    let (listener, given) = (Listener::start(), new_secret());
    let made = listen(&gate, &tenant, &listener);
    gate.admin().put(&endpoint(&tenant), &json!({"url": listener.url(), "secret": given})).expect(200);
    listener.answers(500);
    tenant.server().post("/v1/events/test", &json!({})).expect(202);
    tenant.page().caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    let permit = tenant.server().post("/v1/preflight", &seconds(1)).expect(200);
    tenant.server().delete(&permit_path(permit["limit_check_id"].as_str().unwrap())).done();
    listener.wait("test", 1);
    for bad in ["http://127.0.0.1:1/path-secret", "http://127.0.0.1:1/path-secret?x=%zz"] {
        gate.admin().put(&endpoint(&tenant), &json!({"url": bad})).expect(200);
        tenant.server().post("/v1/events/test", &json!({})).expect(202);
    }
    std::thread::sleep(Duration::from_secs(3));
    gate.maintain();
    let contains =
        |haystack: &[u8], needle: &str| haystack.windows(needle.len()).any(|found| found == needle.as_bytes());
    let mut files = 0;
    for entry in fs::read_dir(gate.folder()).expect("a folder").flatten().filter(|entry| entry.path().is_file()) {
        let text = fs::read(entry.path()).expect("a file");
        for secret in [made.as_str(), given.as_str(), "path-secret"] {
            assert!(!contains(&text, secret), "{secret} is in {}", entry.path().display());
        }
        files += 1;
    }
    assert!(files > 0);
    // The database, its journal, and the log; then once more in one file.
    let (copy, _) = stored::copy(&gate);
    let kept = [stored::files(&gate.data()), stored::files(&copy.0)].concat();
    assert_eq!(kept.iter().filter(|file| file.display().to_string().contains(".log-")).count(), 2, "{kept:?}");
    for file in &kept {
        let bytes = fs::read(file).expect("a file");
        for secret in [&made[6..], &given[6..]] {
            assert!(!contains(&bytes, secret), "sealed at rest: {}", file.display());
        }
    }
    let last = fs::read(kept.last().expect("the copy")).expect("a file");
    assert!(contains(&last, &tenant.id), "what is in the store is there to be seen");
}
