//! What one node has made the others know at once.

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Books, Mocks, Nodes, Tenant, Value, json, nanos};

fn tenant(nodes: &Nodes) -> Tenant {
    Tenant::at(&nodes.gates[0], Mocks::shared(), json!({}))
}

#[test]
fn ops_6_a_session_of_one_node_works_at_the_others_and_ends_everywhere() {
    let nodes = Nodes::shared();
    let tenant = tenant(nodes);
    let page = tenant.page();
    let at = |node: usize| tenant.moved_to(&nodes.gates[node]).visitor().with_bearer(&page.token);
    for node in [1, 2, 0] {
        at(node).post("/v1/chat/completions", &chat("Hello")).expect(200);
        at(node).post(&format!("/v1/sessions/{}/ticks", page.id), &json!({"capability": "chat"})).done();
    }
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 3);
    at(1).delete(&format!("/v1/sessions/{}", page.id)).expect(204);
    for node in [0, 2] {
        let answer = at(node).post("/v1/chat/completions", &chat("Still there?"));
        assert!(matches!(answer.status, 401 | 403 | 409 | 410), "{} {}", answer.status, answer.text());
    }
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 3, "an ended session calls nobody");
}

#[test]
fn ops_6_a_permit_of_one_node_is_settled_at_another_once() {
    let nodes = Nodes::shared();
    let servers = nodes.servers(&tenant(nodes));
    let permit = servers[0].post("/v1/preflight", &seconds(30)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap();
    assert_eq!(Books(&servers[2]).money().held, 30_000_000);
    let settle = |node: usize, units: u64| {
        servers[node].post(&format!("{}/settle", permit_path(id)), &json!({"units": units, "unit_type": "seconds"}))
    };
    // At all of them at once: one is first, and the others are told the same.
    let answers = at_once(9, |n| settle(n % 3, 7));
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in &answers {
        match answer.status {
            200 => assert_eq!(nanos(&answer.json()["cost_amount"]), 7_000_000),
            _ => assert_eq!(answer.refused(409, "conflict")["code"], "in_progress"),
        }
    }
    settle(2, 8).refused(409, "conflict");
    servers[1].delete(&permit_path(id)).refused(409, "conflict");
    let money = Books(&servers[1]).settled_money();
    assert_eq!(money.settled, 7_000_000);
    assert_eq!(Books(&servers[0]).entries().len(), 1);
}

#[test]
fn ops_6_one_idempotency_key_at_all_nodes_at_once_is_one_permit() {
    let nodes = Nodes::shared();
    let servers = nodes.servers(&tenant(nodes));
    for round in 1..=5 {
        let key = format!("race-{round}");
        let answers = at_once(12, |n| {
            servers[n % 3].call("POST", "/v1/preflight").header("idempotency-key", &key).json(&seconds(10)).send()
        });
        let mut ids: Vec<Value> =
            answers.iter().filter(|answer| answer.status == 200).map(|a| a.json()["limit_check_id"].clone()).collect();
        assert!(!ids.is_empty());
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.refused(409, "conflict");
        }
        assert_eq!(Books(&servers[round % 3]).money().held, 10_000_000 * round as i64);
    }
}

#[test]
fn ops_6_one_idempotency_key_at_all_nodes_at_once_calls_the_vendor_once() {
    let nodes = Nodes::shared();
    let tenant = tenant(nodes);
    let servers = nodes.servers(&tenant);
    let ask = |node: usize| {
        let call = servers[node].call("POST", "/v1/chat/completions").header("idempotency-key", "chat-1");
        call.json(&chat("Hello [[delay:500]]")).send()
    };
    let answers = at_once(9, |n| ask(n % 3));
    assert!(answers.iter().any(|answer| answer.status == 200));
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.refused(409, "conflict");
    }
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1);
    // Kept by whichever node it was, given by any.
    let first = answers.iter().find(|answer| answer.status == 200).unwrap();
    for node in 0..3 {
        assert_eq!(ask(node).expect(200)["id"], first.json()["id"]);
    }
    Books(&servers[0]).settled_money();
    assert_eq!(Books(&servers[0]).entries().len(), 1);
}

#[test]
fn ops_6_what_the_operator_changes_at_one_node_holds_at_all() {
    let nodes = Nodes::shared();
    let tenant = tenant(nodes);
    let servers = nodes.servers(&tenant);
    let path = format!("/v1/tenants/{}", tenant.id);
    nodes.gates[1].admin().patch(&path, &json!({"limits": {"monthly_cost_usd": "0.005"}})).expect(200);
    for server in &servers {
        server.post("/v1/preflight", &seconds(6)).refused(402, "hard_cap");
    }
    nodes.gates[2].admin().delete(&path).done();
    for server in &servers {
        assert!(matches!(server.post("/v1/preflight", &seconds(1)).status, 401 | 403), "the tenant is gone");
    }
}
