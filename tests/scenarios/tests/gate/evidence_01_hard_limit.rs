//! EVIDENCE-01, LIM-3: at or over the cap the answer is 402 with the tenant's own fallback, and the vendor isn't called.

use scenarios::caller::Answer;
use scenarios::tenant::{FALLBACK, chat, permit_path, seconds, speech, streamed_chat};
use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

/// A tenant whose cap is a nano short of anything.
fn poor_tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"monthly_cost_usd": "0.000000001"}}))
}

#[track_caller]
fn assert_capped(answer: &Answer, code: &str) {
    let error = answer.refused(402, "hard_cap");
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["fallback"]["message"], FALLBACK);
}

#[test]
fn evidence_01_hard_limit_answers_402_and_the_vendor_is_not_called() {
    let tenant = poor_tenant();
    let server = tenant.server();
    let check = |path: &str, body: Value| {
        assert_capped(&server.post(path, &body), "monthly_cap");
    };
    check("/v1/chat/completions", chat("Hello"));
    check("/v1/chat/completions", streamed_chat("Hello"));
    check("/v1/speech", speech("Hello"));
    check("/v1/preflight", seconds(15));

    let page = tenant.page();
    for answer in [
        page.caller.post("/v1/chat/completions", &chat("Hello")),
        page.caller.post("/v1/speech", &speech("Hello")),
        page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})),
        page.tick("video"),
    ] {
        assert_capped(&answer, "monthly_cap");
    }
    Mocks::shared().assert_not_called(&tenant);
    let money = Books(&server).money();
    assert_eq!((money.settled, money.held), (0, 0), "a refusal holds nothing");
}

#[test]
fn lim_3_the_cap_is_exact_to_the_unit() {
    // Ten seconds and not a nano more.
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"monthly_cost_usd": "0.01"}}));
    let server = tenant.server();
    assert_capped(&server.post("/v1/preflight", &seconds(11)), "monthly_cap");
    let first = server.post("/v1/preflight", &seconds(7)).expect(200);
    assert_capped(&server.post("/v1/preflight", &seconds(4)), "monthly_cap");
    let second = server.post("/v1/preflight", &seconds(3)).expect(200);
    assert_capped(&server.post("/v1/preflight", &seconds(1)), "monthly_cap");

    // What is released or not used can be spent again, and nothing beyond it.
    let path = |permit: &Value| permit_path(permit["limit_check_id"].as_str().unwrap());
    server.delete(&path(&second)).expect(204);
    server.post(&format!("{}/settle", path(&first)), &json!({"units": 5, "unit_type": "seconds"})).expect(200);
    assert_capped(&server.post("/v1/preflight", &seconds(6)), "monthly_cap");
    server.post("/v1/preflight", &seconds(5)).expect(200);
}

#[test]
fn lim_1_the_companys_cap_holds_for_all_its_tenants_together() {
    let gate = Gate::shared();
    let company = scenarios::unique("company-");
    let limits = json!({"limits": {"monthly_cost_usd": "0.01"}});
    gate.admin().put(&format!("/v1/companies/{company}"), &limits).done();
    let tenants = [(); 2].map(|()| Tenant::at(gate, Mocks::shared(), json!({"company": company})));
    tenants[0].server().post("/v1/preflight", &seconds(6)).expect(200);
    assert_capped(&tenants[1].server().post("/v1/preflight", &seconds(5)), "company_monthly_cap");
    tenants[1].server().post("/v1/preflight", &seconds(4)).expect(200);
    assert_capped(&tenants[0].server().post("/v1/speech", &speech("Hi")), "company_monthly_cap");
    tenants.iter().for_each(|tenant| Mocks::shared().assert_not_called(tenant));
}

#[test]
fn lim_8_a_daily_cap_counts_units() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"daily_units": {"seconds": 60}}}));
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(60)).expect(200);
    assert_eq!(permit["remaining"]["seconds"], 0, "{permit}");
    assert_capped(&server.post("/v1/preflight", &seconds(1)), "daily_seconds");
    server.post("/v1/chat/completions", &chat("Seconds don't count here")).expect(200);
}

#[test]
fn lim_5_near_the_cap_there_is_only_text() {
    let limits = json!({"limits": {"monthly_cost_usd": "1.00"}, "ladder": {"throttle_at": 0.5, "text_only_at": 0.9}});
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), limits);
    let server = tenant.server();
    let spend = |units: u64| {
        let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
        let path = permit_path(permit["limit_check_id"].as_str().unwrap());
        server.post(&format!("{path}/settle"), &json!({"units": units, "unit_type": "seconds"})).expect(200);
    };
    spend(900);
    let page = tenant.page();
    for answer in [page.caller.post("/v1/speech", &speech("Hi")), page.caller.post("/v1/video/sessions", &json!({}))] {
        assert_capped(&answer, "text_only");
        assert_eq!(answer.json()["error"]["fallback"]["mode"], "text");
    }
    let answer = page.caller.post("/v1/chat/completions", &chat("Still there?"));
    answer.expect(200);
    assert_eq!(answer.header("x-tollgate-mode"), Some("text"));
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1, "the chat alone");
}
