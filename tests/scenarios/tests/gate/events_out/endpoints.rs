//! Where events are told: set, shown, changed, removed, and by whom.

use scenarios::{Books, Gate, Tenant, Value, json};

use super::{Listener, check_signed, endpoint, listen, new_secret};

#[test]
fn aud_1_an_endpoint_is_set_shown_changed_and_removed_by_the_operator() {
    let gate = Gate::start();
    let (admin, tenant, listener) = (gate.admin(), Tenant::new(&gate, json!({})), Listener::start());
    let path = endpoint(&tenant);
    admin.get(&path).refused(404, "not_found");
    let made = listen(&gate, &tenant, &listener);
    let shown = json!({"url": listener.url(), "types": ["*"], "status": "active"});
    assert_eq!(admin.get(&path).expect(200), shown, "the secret is shown once");
    let kept = admin.put(&path, &json!({"url": listener.url(), "types": ["test", "run.done"]})).expect(200);
    assert_eq!(kept, json!({"url": listener.url(), "types": ["run.done", "test"], "status": "active"}));

    // A secret that is replaced goes on signing beside the new one.
    let given = new_secret();
    let body = json!({"url": listener.url(), "types": ["*"], "secret": given});
    for _ in 0..2 {
        assert_eq!(admin.put(&path, &body).expect(200)["secret"], given.as_str());
    }
    tenant.server().post("/v1/events/test", &json!({})).expect(202);
    listener.wait("test", 1);
    check_signed(&listener.asked()[0], &[&given, &made]);

    admin.delete(&path).expect(204);
    admin.delete(&path).expect(204);
    admin.get(&path).refused(404, "not_found");
    tenant.server().post("/v1/events/test", &json!({})).expect(202);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(listener.asked().len(), 1, "nobody listens any more");

    let entries = Books(&admin).entries();
    let told = |kind: &str| -> Vec<Value> {
        entries.iter().filter(|entry| entry["event_type"] == kind).map(|entry| entry["details"].clone()).collect()
    };
    let host = listener.server.url();
    let set = |types: &str, secret: &str| json!({"host": host, "types": types, "secret": secret});
    let all = [set("*", "new"), set("run.done, test", "kept"), set("*", "new"), set("*", "kept")];
    assert_eq!(told("ENDPOINT_SET"), all);
    assert_eq!(told("ENDPOINT_REMOVED"), [json!({ "host": host })]);
}

#[test]
fn aud_1_only_the_operator_sets_an_endpoint_and_only_where_events_may_go() {
    let gate = Gate::shared();
    let (admin, tenant) = (gate.admin(), Tenant::new(gate, json!({})));
    let path = endpoint(&tenant);
    let body = json!({"url": "https://hooks.example.com/x"});
    for caller in [gate.stranger(), tenant.server(), tenant.visitor(), tenant.page().caller] {
        assert_eq!(caller.put(&path, &body).status, 401);
        assert_eq!(caller.get(&path).status, 401);
        assert_eq!(caller.delete(&path).status, 401);
    }
    admin.put("/v1/tenants/nobody-here/events", &body).refused(404, "not_found");
    admin.delete("/v1/tenants/nobody-here/events").refused(404, "not_found");
    assert_eq!(admin.post(&path, &body).refused(405, "method_not_allowed")["code"], "method_not_allowed");
    let check = |body: Value, param: &str| {
        let error = admin.put(&path, &body).refused(400, "invalid_request");
        assert_eq!(error["param"], param, "{body}");
    };
    for url in
        ["http://hooks.example.com/", "https://10.0.0.1/", "https://localhost/", "https://127.1/", "https://[::1]/"]
    {
        check(json!({ "url": url }), "url");
    }
    check(json!({"url": "https://a:b@hooks.example.com/"}), "url");
    check(json!({"url": "https://hooks.example.com", "types": ["job"]}), "types[0]");
    check(json!({"url": "https://hooks.example.com", "secret": "whsec_short"}), "secret");
    check(json!({"url": "https://hooks.example.com", "extra": 1}), "extra");
    check(json!({}), "url");
    admin.get(&path).refused(404, "not_found");

    // A tenant that is deleted takes its endpoint along.
    admin.put(&path, &body).expect(200);
    admin.delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    admin.get(&path).refused(404, "not_found");
}
