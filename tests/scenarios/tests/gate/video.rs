//! LIM-2, SES-6: a video session lives from tick to tick, and ends at the vendor however it ends here.

use std::thread::sleep;
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::tenant::Page;
use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

const TICK: Duration = Duration::from_secs(15);
const VIDEO: &str = "/v1/video/sessions";

fn tenant(patch: Value) -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), patch)
}

#[track_caller]
fn start(page: &Page) -> Value {
    let started = page.caller.post(VIDEO, &json!({"persona": "p1"})).expect(201);
    assert_eq!(started["provider"], "tavus");
    assert!(started["join_url"].as_str().is_some_and(|url| url.starts_with("http")), "{started}");
    assert!(started["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{started}");
    started
}

#[track_caller]
fn path(started: &Value) -> String {
    format!("{VIDEO}/{}", started["id"].as_str().unwrap_or_else(|| panic!("no id in {started}")))
}

/// The vendor was told to end it.
#[track_caller]
fn assert_ended_at_vendor(tenant: &Tenant, within: Duration) {
    Mocks::shared().call_when(tenant, "/end", within, |call| call["status"].as_u64().is_some_and(|code| code < 300));
}

#[test]
fn lim_2_every_tick_is_a_permit_and_an_entry() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    let started = start(&page);
    let mut permits = vec![started["limit_check_id"].clone()];
    for _ in 0..2 {
        sleep(Duration::from_secs(2));
        let tick = page.tick("video").expect(200);
        assert_eq!(tick["decision"], "allow", "{tick}");
        assert_eq!(tick["mode"], "full", "{tick}");
        assert!(tick["next_tick_s"].as_u64().is_some_and(|seconds| (1..=15).contains(&seconds)), "{tick}");
        assert!(tick["remaining"]["cost_usd"].is_string(), "{tick}");
        permits.push(tick["limit_check_id"].clone());
    }
    sleep(Duration::from_secs(1));
    page.caller.delete(&path(&started)).expect(204);
    assert_ended_at_vendor(&tenant, Duration::from_secs(2));
    // Ending what has ended is no error.
    page.caller.delete(&path(&started)).expect(204);

    let server = tenant.server();
    let books = Books(&server);
    let money = books.settled_money();
    let entries = books.entries();
    assert_eq!(entries.len(), 3, "{entries:?}");
    let mut logged: Vec<&Value> = entries.iter().map(|entry| &entry["limit_check_id"]).collect();
    logged.sort_by_key(|id| id.to_string());
    permits.sort_by_key(ToString::to_string);
    assert_eq!(logged, permits.iter().collect::<Vec<_>>(), "one entry for each permit");
    let seconds: u64 = entries.iter().map(|entry| entry["units_consumed"].as_u64().unwrap()).sum();
    assert!((5..=10).contains(&seconds), "five seconds, each tick rounded up: {seconds}");
    assert_eq!(money.settled, i64::try_from(seconds).unwrap() * SECOND);
}

/// Where the vendor was told to report to.
fn callback_of(tenant: &Tenant) -> String {
    let call = Mocks::shared().calls_of(tenant)[0].clone();
    call["body"]["callback_url"].as_str().unwrap_or_else(|| panic!("no callback_url in {call}")).to_owned()
}

#[test]
fn whk_1_the_callback_address_is_the_gates_own() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    start(&page);
    let callback = callback_of(&tenant);
    let route = format!("{}/v1/webhooks/tavus/{}?", Gate::shared().url, tenant.id);
    assert!(callback.starts_with(&route), "{callback} is not at {route}");
    page.end().expect(204);
    // So the mock's own report of the end arrives.
    scenarios::eventually("the vendor's report", Duration::from_secs(10), || {
        let all = Mocks::shared().control().get("/control/callbacks").expect(200);
        let told = all.as_array()?.iter().find(|one| one["body"]["webhook_url"] == *callback)?.clone();
        told["statuses"].as_array()?.contains(&json!(200)).then_some(())
    });
}

#[test]
fn ses_6_the_vendors_callback_ends_it() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    start(&page);
    let callback = callback_of(&tenant);
    let (_, query) = callback.split_once('?').unwrap_or_else(|| panic!("no token in {callback}"));
    let event = json!({"event_type": "system.shutdown", "conversation_id": conversation_of(&tenant), "message_type": "system",
        "timestamp": null, "properties": {"shutdown_reason": "participant_left_timeout"}});
    let send = |query: &str| {
        let stranger = Gate::shared().stranger();
        stranger.call("POST", &format!("/v1/webhooks/tavus/{}?{query}", tenant.id)).json(&event).send()
    };
    // Whoever doesn't have the token ends nothing.
    let last = query.chars().last().unwrap();
    let altered = format!("{}{}", &query[..query.len() - 1], if last == '0' { '1' } else { '0' });
    for wrong in ["", "token=", &altered] {
        send(wrong).refused(401, "unauthenticated");
    }
    assert_eq!(page.tick("video").expect(200)["decision"], "allow");

    assert_eq!(send(query).expect(200)["status"], "accepted");
    assert_eq!(send(query).expect(200)["status"], "duplicate");
    let server = tenant.server();
    let money = Books(&server).settled_money();
    assert!(money.settled > 0 && money.settled <= 10 * SECOND, "a few seconds: {money:?}");
    // The page hears of it at its next tick: nothing is running up costs any more.
    page.tick("video");
    sleep(Duration::from_secs(2));
    assert_eq!(Books(&server).settled_money().settled, money.settled);
}

/// The id that the vendor gave to the tenant's conversation.
fn conversation_of(tenant: &Tenant) -> Value {
    let all = Mocks::shared().control().call("GET", "/tavus/v2/conversations").header("x-api-key", "scenario").send();
    let all = all.expect(200);
    let is_tenants = |one: &&Value| one["callback_url"].as_str().is_some_and(|url| url.contains(&tenant.id));
    all["data"].as_array().unwrap().iter().find(is_tenants).expect("a conversation")["conversation_id"].clone()
}

#[test]
fn ses_6_ending_the_session_ends_the_video() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    start(&page);
    page.end().expect(204);
    assert_ended_at_vendor(&tenant, Duration::from_secs(5));
    page.tick("video").refused(401, "unauthenticated");
    let server = tenant.server();
    assert!(Books(&server).settled_money().settled <= 5 * SECOND);
}

#[test]
fn ses_6_deleting_the_tenant_ends_the_video() {
    let tenant = tenant(json!({}));
    start(&tenant.page());
    Gate::shared().admin().delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    assert_ended_at_vendor(&tenant, TICK + Duration::from_secs(10));
}

/// Slow on purpose: it waits for a tick that never comes.
#[test]
fn ses_6_missed_ticks_end_session_and_video_within_the_cap() {
    // As much as one tick reserves (a tick and ten seconds to notice that the next is missing), and not a second more.
    let tenant = tenant(json!({"limits": {"monthly_cost_usd": "0.030"}}));
    let page = tenant.page();
    start(&page);
    let started = Instant::now();
    assert_ended_at_vendor(&tenant, TICK + Duration::from_secs(12));
    assert!(started.elapsed() > TICK - Duration::from_secs(2), "not before a tick was missed: {:?}", started.elapsed());
    let server = tenant.server();
    let session = scenarios::eventually("the session to end", Duration::from_secs(5), || {
        let session = server.get(&format!("/v1/sessions/{}", page.id)).expect(200);
        (session["status"] != "active").then_some(session)
    });
    assert_eq!((&session["status"], &session["ended_by"]), (&json!("ended"), &json!("missed_tick")), "{session}");
    page.tick("video").refused(401, "unauthenticated");
    let money = Books(&server).settled_money();
    assert!(money.settled >= 15 * SECOND, "the time it ran is paid: {money:?}");
    assert!(money.settled <= 30 * SECOND, "and never more than was reserved, here the cap itself: {money:?}");
}

#[test]
fn lim_3_a_budget_that_runs_out_ends_the_video() {
    let tenant = tenant(json!({"limits": {"monthly_cost_usd": "0.032"}}));
    let page = tenant.page();
    start(&page);
    let denied = (0..35).find_map(|_| {
        sleep(Duration::from_secs(1));
        let tick = page.tick("video");
        (tick.status != 200).then_some(tick)
    });
    let denied = denied.expect("32 seconds' worth of money ends within thirty-five");
    assert_eq!(denied.refused(402, "hard_cap")["code"], "monthly_cap");
    assert_ended_at_vendor(&tenant, Duration::from_secs(5));
    let server = tenant.server();
    let money = Books(&server).settled_money();
    assert!(money.settled > 0 && money.settled <= 32 * SECOND, "{money:?}");
}

#[test]
fn lim_2_a_vendor_that_starts_nothing_is_charged_nothing() {
    let mocks = Mocks::start();
    let tenant = Tenant::at(Gate::shared(), &mocks, json!({}));
    mocks.fault("tavus", json!({"status": 400}));
    tenant.page().caller.post(VIDEO, &json!({"persona": "p1"})).refused(502, "vendor_error");
    let server = tenant.server();
    assert_eq!(Books(&server).settled_money().settled, 0);
}

#[test]
fn ses_6_an_end_that_the_vendor_refuses_is_tried_again() {
    let mocks = Mocks::start();
    let tenant = Tenant::at(Gate::shared(), &mocks, json!({}));
    let page = tenant.page();
    let started = start(&page);
    mocks.fault("tavus", json!({"status": 500, "times": 1, "path": "/end"}));
    page.caller.delete(&path(&started));
    mocks.call_when(&tenant, "/end", Duration::from_secs(20), |call| call["status"] == 200);
}
