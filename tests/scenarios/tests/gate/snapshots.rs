//! OPS-2: the state of the whole as a document: now, recorded on demand, and once a day over all nodes.

use std::time::Duration;

use scenarios::tenant::{permit_path, seconds};
use scenarios::{Gate, Mocks, Nodes, Tenant, Value, eventually, json};

fn names(gate: &Gate) -> Vec<String> {
    let listed = gate.admin().get("/v1/snapshots?limit=100").expect(200);
    let all = listed["snapshots"].as_array().expect("a list");
    all.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn ops_2_a_snapshot_is_taken_on_demand_listed_and_shows_what_was_spent() {
    let (gate, mocks) = (Gate::start(), Mocks::shared());
    let tenant = Tenant::at(
        &gate,
        mocks,
        json!({"routes": {"auto": {"rungs": [{"provider": "openai", "model": scenarios::amounts::MODEL}]}}}),
    );
    let made = gate.admin().post("/v1/snapshots", &json!({})).expect(201);
    let name = made["name"].as_str().expect("a name").to_owned();
    assert!(names(&gate).contains(&name));
    let before = gate.admin().get(&format!("/v1/snapshots/{name}")).expect(200);
    assert_eq!(before, made["snapshot"]);
    assert_eq!(before["tollgate"]["tenants"], 1);
    assert_eq!(before["models"]["gpt"]["calls"], 0);

    let server = tenant.server();
    let auto = json!({"model": "auto", "messages": [{"role": "user", "content": "Hello"}]});
    for _ in 0..8 {
        server.post("/v1/chat/completions", &auto).expect(200);
    }
    let permit = server.post("/v1/preflight", &seconds(30)).expect(200);
    let report = json!({"name": "age-gate", "status": "pass", "at": before["timestamp_utc"], "findings": [
        {"code": "seen", "path": "/shop", "message": "the gate is there"}]});
    assert_eq!(gate.admin().put("/v1/checks/age-gate", &report).expect(200)["status"], "pass");
    let after = eventually("the money and the calls to be seen", Duration::from_secs(30), || {
        let now = gate.admin().get("/v1/snapshot").expect(200);
        let seen = now["models"]["gpt"]["calls"] == 8
            && now["tollgate"]["settled_usd"] != before["tollgate"]["settled_usd"]
            && now["tollgate"]["held_usd"] != "0.00";
        seen.then_some(now)
    });
    assert_eq!(after["models"]["gpt"]["share"], json!(1.0));
    assert_eq!(after["compliance"]["age_gate_pass"], true);
    assert_eq!(after["tollgate"]["checks"]["age-gate"], "pass");
    let flags = |snapshot: &Value| snapshot["risk_flags"].as_array().expect("flags").clone();
    assert!(flags(&before).contains(&json!("R3")) && !flags(&after).contains(&json!("R3")), "{after}");
    assert!(!flags(&after).contains(&json!("R2")), "one was recorded");
    server.delete(&permit_path(permit["limit_check_id"].as_str().expect("an id"))).expect(204);

    gate.admin().get("/v1/snapshots/snapshot_2020-01-01_0000Z").refused(404, "not_found");
    gate.admin().get("/v1/snapshots?limit=0").refused(400, "invalid_request");
    gate.admin().get("/v1/checks/nobody").refused(404, "not_found");
    gate.admin().put("/v1/checks/other", &report).refused(400, "invalid_request");
    server.delete("/v1/checks/age-gate").refused(401, "unauthenticated");
    for _ in 0..2 {
        gate.admin().delete("/v1/checks/age-gate").expect(204);
    }
    gate.admin().get("/v1/checks/age-gate").refused(404, "not_found");
    for path in ["/v1/snapshot", "/v1/snapshots", "/v1/checks"] {
        server.get(path).refused(401, "unauthenticated");
    }
}

#[test]
fn ops_2_two_nodes_make_the_days_snapshot_once() {
    let nodes = Nodes::start(2);
    let made = eventually("the day's snapshot", Duration::from_secs(60), || {
        let made = names(&nodes.gates[0]);
        (!made.is_empty()).then_some(made)
    });
    assert_eq!(made.len(), 1);
    // Both go on looking, past the next stretch of minutes in which one could be made.
    for _ in 0..40 {
        for gate in &nodes.gates {
            let round = gate.admin().call("POST", "/v1/maintenance/operations").send().expect(200);
            assert_eq!(round["snapshot"], Value::Null, "made twice");
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    for gate in &nodes.gates {
        assert_eq!(names(gate), made);
        let age = super::metrics::value(gate, "tollgate_snapshot_age_seconds");
        let seconds: f64 = age.parse().unwrap_or_else(|_| panic!("an age, not {age}"));
        assert!(seconds < 300.0, "{age}");
    }
}
