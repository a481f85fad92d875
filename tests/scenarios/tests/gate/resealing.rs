//! OPS-5: the master key is replaced while the gate serves: restarts in phases, and everything opens in each.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use scenarios::tenant::chat;
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json, random};

fn key() -> String {
    BASE64_STANDARD.encode(random::bytes::<32>())
}

/// Restarts with these keys; the log's is a third, that stays.
fn restart(gate: &mut Gate, own: &str, previous: &str, log: &str) {
    gate.master_key = own.to_owned();
    let (previous, log) = (format!("master_previous_key={previous}"), format!("log_key={log}"));
    gate.restart_with(&["--variable", &previous, "--variable", &log]);
}

#[track_caller]
fn chats(gate: &Gate, tenant: &Tenant) {
    let answer = tenant.moved_to(gate).server().post("/v1/chat/completions", &chat("Hello"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn resealing(gate: &Gate) -> Value {
    gate.admin().get("/v1/maintenance/registry").expect(200)
}

/// After a pass that met nothing to be sealed anew. `done` takes 5 minutes: a node with the other key might still be there.
#[track_caller]
fn clean(gate: &Gate) -> Value {
    eventually("a clean pass", Duration::from_secs(30), || {
        Some(resealing(gate)).filter(|told| !told["clean_pass_began_at"].is_null() && told["left"] == 0)
    })
}

#[test]
fn ops_5_the_master_key_is_replaced_without_downtime() {
    let (a, b, log) = (key(), key(), key());
    let (mut gate, mocks) = (Gate::start(), Mocks::shared());
    restart(&mut gate, &a, "", &log);
    let tenant = Tenant::at(&gate, mocks, json!({}));
    let endpoint = json!({"url": "https://events.example.com/in", "types": ["*"]});
    gate.admin().put(&format!("/v1/tenants/{}/events", tenant.id), &endpoint).done();
    chats(&gate, &tenant);
    let signer = gate.admin().get("/v1/audit/log/key").text();

    // Both keys are good, the old one seals.
    restart(&mut gate, &a, &b, &log);
    chats(&gate, &tenant);
    clean(&gate);

    // The new one seals, the old one is still good; the maintenance seals everything anew.
    restart(&mut gate, &b, &a, &log);
    chats(&gate, &tenant);
    let told = clean(&gate);
    // Three vendors' keys, and what signs events.
    assert_eq!((&told["left"], &told["unopened"]), (&json!(0), &json!([])), "{told}");
    assert!(told["resealed"].as_u64().is_some_and(|resealed| resealed >= 4), "{told}");
    assert_eq!((&told["done"], &told["old_key_seen_at"]), (&json!(false), &Value::Null), "{told}");
    chats(&gate, &tenant);

    // The old one is gone: sooner than `done` allows where there are nodes that one doesn't know of.
    restart(&mut gate, &b, "", &log);
    chats(&gate, &tenant);
    assert_eq!(resealing(&gate)["clean_pass_began_at"], told["clean_pass_began_at"], "there is nothing more to seal");
    assert_eq!(gate.admin().get("/v1/audit/log/key").text(), signer, "the log's key is its own");
    gate.verify();
}

#[test]
fn ops_5_a_secret_that_no_key_opens_is_named_and_kept() {
    let (mut gate, mocks) = (Gate::start(), Mocks::shared());
    let first = gate.master_key.clone();
    let tenant = Tenant::at(&gate, mocks, json!({}));
    restart(&mut gate, &key(), "", &key());
    let told = eventually("to be found", Duration::from_secs(30), || {
        Some(resealing(&gate)).filter(|told| told["done"] == true)
    });
    let unopened = told["unopened"].as_array().expect("a list").clone();
    assert!(unopened.contains(&json!(format!("vendor/{}/openai/secret", tenant.id))), "{told}");
    // The right key comes back, and nothing was lost.
    restart(&mut gate, &first, "", &key());
    chats(&gate, &tenant);
    gate.stranger().get("/v1/maintenance/registry").refused(401, "unauthenticated");
}
