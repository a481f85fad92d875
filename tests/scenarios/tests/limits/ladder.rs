//! LIM-1, LIM-4, LIM-5: the way down from everything to nothing, and what one session or one company may do.

use scenarios::amounts::SECOND;
use scenarios::tenant::{FALLBACK, chat, merge, permit_path, seconds, speech};
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, json, nanos, unique, usd};

const CHEAPER: &str = "gpt-4.1-nano";

#[track_caller]
fn reserve(caller: &Caller, units: i64, patch: Value) -> Answer {
    let mut body = seconds(units as u64);
    merge(&mut body, patch);
    caller.post("/v1/preflight", &body)
}

#[track_caller]
fn id(answer: &Answer) -> String {
    answer.expect(200)["limit_check_id"].as_str().expect("a permit").to_owned()
}

/// Spends seconds, as what still may be spent near the cap: not as video.
#[track_caller]
fn spend(server: &Caller, units: i64) {
    let path = permit_path(&id(&reserve(server, units, json!({"capability": "chat"}))));
    server.post(&format!("{path}/settle"), &json!({"units": units, "unit_type": "seconds"})).expect(200);
}

#[track_caller]
fn assert_capped(answer: &Answer, code: &str) {
    let error = answer.refused(402, "hard_cap");
    assert_eq!((&error["code"], &error["fallback"]), (&json!(code), &json!({"mode": "text", "message": FALLBACK})));
}

#[track_caller]
fn assert_tick(answer: &Answer, decision: &str, mode: &str, next: u64) {
    let tick = answer.expect(200);
    let told = (&tick["decision"], &tick["mode"], &tick["next_tick_s"]);
    assert_eq!(told, (&json!(decision), &json!(mode), &json!(next)), "{tick}");
}

#[test]
fn lim_5_the_whole_way_down_the_ladder() {
    let gate = Gate::shared();
    let row = json!({"vendor": "openai", "model": CHEAPER, "valid_from": "2026-01-01"});
    let rows = ["input_tokens", "cached_input_tokens", "output_tokens"].map(|unit| {
        let mut row = row.clone();
        merge(&mut row, json!({"unit_type": unit, "usd_per_unit": "0.0000001"}));
        row
    });
    gate.admin().put("/v1/prices", &json!({"prices": rows})).done();
    let limits = json!({"limits": {"monthly_cost_usd": usd(1_000 * SECOND)}, "ladder": {"throttle_at": 0.5, "text_only_at": 0.8}});
    let mut tenant = Tenant::at(gate, Mocks::shared(), limits);
    tenant.bind(gate, "openai", Mocks::shared(), json!({"options": {"throttled_model": CHEAPER}}));
    let (server, page) = (tenant.server(), tenant.page());
    let model_of_a_chat = || {
        let answer = page.caller.post("/v1/chat/completions", &chat("Hello"));
        answer.expect(200);
        let calls = Mocks::shared().calls_of(&tenant);
        let mut chats = calls.iter().filter(|call| call["vendor"] == "openai");
        (
            chats.next_back().expect("a call")["body"]["model"].clone(),
            answer.header("x-tollgate-mode").map(str::to_owned),
        )
    };

    spend(&server, 490);
    assert_tick(&page.tick("video"), "allow", "full", 15);
    let (model, mode) = model_of_a_chat();
    assert_eq!((model.as_str(), mode.as_deref()), (Some(scenarios::amounts::MODEL), Some("full")));

    // From here on throttled: ticks come half as often, and the cheaper model answers.
    spend(&server, 10);
    assert_tick(&page.tick("video"), "allow", "full", 30);
    let (model, mode) = model_of_a_chat();
    assert_eq!((model.as_str(), mode.as_deref()), (Some(CHEAPER), Some("throttled")));
    assert_eq!(page.caller.post("/v1/speech", &speech("Hi")).status, 200);

    // From here on there is only text, and the visitor is told so rather than sent away.
    spend(&server, 300);
    assert_capped(&page.caller.post("/v1/speech", &speech("Hi")), "text_only");
    assert_capped(&page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})), "text_only");
    assert_capped(&reserve(&server, 1, json!({})), "text_only");
    assert_tick(&page.tick("video"), "downgrade", "text", 15);
    assert_eq!(model_of_a_chat().1.as_deref(), Some("text"));

    // And at the cap there is nothing.
    let left = Books(&server).settled_money().remaining.expect("there is a cap") / SECOND;
    spend(&server, left);
    let held = id(&server.post("/v1/preflight", &json!({
        "capability": "chat", "provider": "openai", "model": CHEAPER, "estimate": {"units": 1, "unit_type": "input_tokens"},
    })));
    server.delete(&permit_path(&held)).expect(204);
    assert_capped(&reserve(&server, 1, json!({"capability": "chat"})), "monthly_cap");
    let calls = Mocks::shared().calls_of(&tenant).len();
    let mut long = chat("Hello");
    merge(&mut long, json!({"max_tokens": 16_000}));
    assert_capped(&page.caller.post("/v1/chat/completions", &long), "monthly_cap");
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), calls, "the vendor isn't called");
}

#[test]
fn lim_1_one_sessions_cap_stops_that_session_alone() {
    let limits = json!({"limits": {"session_cost_usd": usd(20 * SECOND), "session_units": {"seconds": 15}}});
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), limits);
    let (server, greedy, other) = (tenant.server(), tenant.page(), tenant.page());
    let of_greedy = json!({"session_id": greedy.id});

    // The seconds first: by the server and by the page itself they are the same session's.
    let video = id(&reserve(&server, 10, of_greedy.clone()));
    assert_capped(&reserve(&greedy.caller, 6, json!({})), "session_seconds");
    let own = id(&reserve(&greedy.caller, 5, json!({})));
    assert_capped(&reserve(&server, 1, of_greedy.clone()), "session_seconds");

    // Then the money: five seconds' worth is left.
    let characters = |units: i64| {
        let estimate = json!({"units": units, "unit_type": "characters"});
        let body =
            json!({"capability": "speech", "provider": "elevenlabs", "estimate": estimate, "session_id": greedy.id});
        server.post("/v1/preflight", &body)
    };
    let most = 5 * SECOND / scenarios::amounts::CHARACTER;
    assert_capped(&characters(most + 1), "session_cap");
    let spoken = id(&characters(most));
    assert_capped(&greedy.caller.post("/v1/speech", &speech("Not a word more")), "session_cap");
    assert_capped(&greedy.caller.post("/v1/chat/completions", &chat("Nor a line")), "session_cap");
    Mocks::shared().assert_not_called(&tenant);

    // Another session of the tenant goes on, and so do calls without one.
    other.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    let others = id(&reserve(&other.caller, 15, json!({})));
    let nobodys = id(&reserve(&server, 60, json!({})));

    // What is given back can be had again.
    for permit in [&own, &others, &nobodys, &spoken] {
        let caller = if *permit == own {
            &greedy.caller
        } else if *permit == others {
            &other.caller
        } else {
            &server
        };
        caller.delete(&permit_path(permit)).expect(204);
    }
    server.post(&format!("{}/settle", permit_path(&video)), &json!({"units": 3, "unit_type": "seconds"})).expect(200);
    assert_capped(&reserve(&greedy.caller, 13, json!({})), "session_seconds");
    let permit = reserve(&greedy.caller, 12, json!({})).expect(200);
    assert_eq!(nanos(&permit["remaining"]["cost_usd"]), 5 * SECOND, "{permit}");
    assert_eq!(permit["remaining"]["seconds"], 0, "{permit}");
}

#[test]
fn lim_4_a_companys_burst_holds_for_all_its_tenants_together() {
    let (gate, company) = (Gate::shared(), unique("company-"));
    gate.admin().put(&format!("/v1/companies/{company}"), &json!({"limits": {"burst": 5}})).done();
    let tenants =
        [(); 2].map(|()| Tenant::at(gate, Mocks::shared(), json!({"company": company, "limits": {"burst": 4}})));
    let [first, second] = tenants.clone().map(|tenant| tenant.server());
    let held: Vec<String> = (0..4).map(|_| id(&reserve(&first, 1, json!({})))).collect();
    // The tenant's own burst speaks first, then the company's.
    assert_eq!(reserve(&first, 1, json!({})).refused(429, "burst")["code"], "burst");
    let last = id(&reserve(&second, 1, json!({})));
    assert_eq!(reserve(&second, 1, json!({})).refused(429, "burst")["code"], "company_burst");
    let answer = second.post("/v1/chat/completions", &chat("Hello"));
    assert_eq!(answer.refused(429, "burst")["code"], "company_burst");
    Mocks::shared().assert_not_called(&tenants[1]);
    assert_eq!(Books(&second).usage().open, 1, "a refusal takes no place of the tenant's");

    first.delete(&permit_path(&held[0])).expect(204);
    second.post("/v1/chat/completions", &chat("Hello")).expect(200);
    let again = scenarios::eventually("the place of the chat to be free", std::time::Duration::from_secs(5), || {
        Some(reserve(&second, 1, json!({}))).filter(|answer| answer.status == 200)
    });
    for permit in [&last, &id(&again)] {
        second.delete(&permit_path(permit)).expect(204);
    }
}
