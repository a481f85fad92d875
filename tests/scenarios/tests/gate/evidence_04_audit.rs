//! EVIDENCE-04, AUD-1, AUD-3: one interaction gives exactly one matching entry, and the counters agree to the nano.

use std::time::Duration;

use scenarios::amounts::{CACHED_INPUT_TOKEN, CHARACTER, INPUT_TOKEN, MODEL, OUTPUT_TOKEN, SECOND};
use scenarios::tenant::{chat, permit_path, seconds, speech};
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json, nanos};

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

/// The tenant's only entry has exactly the source document's fields with these values, and `/v1/usage` agrees.
#[track_caller]
fn assert_only_entry(tenant: &Tenant, limit_check_id: &str, provider: &str, units: u64, unit_type: &str, cost: i64) {
    let server = tenant.server();
    let books = Books(&server);
    let entry = books.entry(limit_check_id);
    let expected = [
        ("tenant_id", json!(tenant.id)),
        ("event_type", json!("TWIN_INTERACTION")),
        ("provider", json!(provider)),
        ("units_consumed", json!(units)),
        ("unit_type", json!(unit_type)),
        ("cost_currency", json!("USD")),
        ("limit_check_id", json!(limit_check_id)),
    ];
    for (field, value) in expected {
        assert_eq!(entry[field], value, "{field} in {entry}");
    }
    assert_eq!(nanos(&entry["cost_amount"]), cost, "{entry}");
    assert_eq!(entry["cost_nanos"], cost, "{entry}");
    for field in ["v", "at", "session_id", "request_id", "channel", "model", "settlement"] {
        assert!(entry.get(field).is_some(), "{field} is missing in {entry}");
    }
    let money = books.settled_money();
    assert_eq!((money.settled, money.held), (cost, 0), "{money:?}");
    assert_eq!(money.cap.zip(money.remaining).map(|(cap, left)| cap - left), Some(cost), "{money:?}");
    // Once more after a while: a second entry would come late.
    Gate::shared().maintain();
    let entries = books.entries();
    assert_eq!(entries.len(), 1, "exactly one entry: {entries:?}");
    for (field, value) in entry.as_object().unwrap().iter().filter(|(field, _)| *field != "seq") {
        assert_eq!(entries[0][field], *value, "{field} has changed: {entries:?}");
    }
}

#[test]
fn evidence_04_one_chat_is_one_entry() {
    let tenant = tenant();
    let page = tenant.page();
    let answer = page.caller.post("/v1/chat/completions", &chat("How are you? [[cached]]"));
    let usage = answer.expect(200)["usage"].clone();
    let count = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("no number in {usage}"));
    let cached = count(&usage["prompt_tokens_details"]["cached_tokens"]);
    let (input, output) = (count(&usage["prompt_tokens"]) - cached, count(&usage["completion_tokens"]));
    assert!(input > 0 && cached > 0 && output > 0, "{usage}");
    let cost = |units: u64, price: i64| i64::try_from(units).unwrap() * price;
    let cost = cost(input, INPUT_TOKEN) + cost(cached, CACHED_INPUT_TOKEN) + cost(output, OUTPUT_TOKEN);
    let id = answer.limit_check_id();
    assert_only_entry(&tenant, &id, "openai", input + cached + output, "tokens", cost);

    let entry = Books(&tenant.server()).entry(&id);
    assert_eq!(entry["channel"], "widget");
    assert_eq!(entry["session_id"], page.id.as_str());
    assert_eq!(entry["model"], MODEL);
    assert_eq!(entry["settlement"], "exact");
    assert_eq!(entry["request_id"].as_str(), answer.header("x-request-id"));
}

#[test]
fn evidence_04_one_speech_is_one_entry() {
    let tenant = tenant();
    let text = "Grüß Gott, Welt!";
    let answer = tenant.page().caller.post("/v1/speech", &speech(text));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let characters = text.chars().count();
    let cost = i64::try_from(characters).unwrap() * CHARACTER;
    assert_only_entry(&tenant, &answer.limit_check_id(), "elevenlabs", characters as u64, "characters", cost);
}

#[test]
fn evidence_04_one_minute_of_video_is_charged_by_the_second() {
    let tenant = tenant();
    let page = tenant.page();
    let started = page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    let id = started["id"].as_str().unwrap_or_else(|| panic!("no id in {started}"));
    std::thread::sleep(Duration::from_secs(2));
    page.caller.delete(&format!("/v1/video/sessions/{id}")).expect(204);
    let server = tenant.server();
    let books = Books(&server);
    let money = books.settled_money();
    let entries = eventually("the entry of the video", Duration::from_secs(10), || {
        Some(books.entries()).filter(|entries| !entries.is_empty())
    });
    assert_eq!(entries.len(), 1, "one tick, one entry: {entries:?}");
    assert_eq!(entries[0]["limit_check_id"], started["limit_check_id"]);
    let units = entries[0]["units_consumed"].as_u64().unwrap();
    assert!((2..=5).contains(&units), "two seconds, rounded up: {units}");
    let cost = i64::try_from(units).unwrap() * SECOND;
    assert_eq!(money.settled, cost);
    let id = started["limit_check_id"].as_str().unwrap();
    assert_only_entry(&tenant, id, "tavus", units, "seconds", cost);
}

#[test]
fn evidence_04_the_example_of_the_source_document() {
    let tenant = tenant();
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(60)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap();
    let settled =
        server.post(&format!("{}/settle", permit_path(id)), &json!({"units": 45, "unit_type": "seconds"})).expect(200);
    assert_eq!(nanos(&settled["cost_amount"]), 45_000_000);
    assert_eq!(settled["cost_currency"], "USD");
    assert!(settled["audit"]["stage"].is_u64(), "{settled}");
    assert_only_entry(&tenant, id, "tavus", 45, "seconds", 45_000_000);
}

#[test]
fn lim_6_what_the_vendor_does_not_report_is_never_free() {
    let tenant = tenant();
    let answer = tenant.server().post("/v1/chat/completions", &chat("Hello [[no-usage]]"));
    answer.expect(200);
    let server = tenant.server();
    let entry = Books(&server).entry(&answer.limit_check_id());
    assert!(nanos(&entry["cost_amount"]) > 0, "{entry}");
}

#[test]
fn aud_4_entries_come_as_ndjson_page_by_page() {
    let tenant = tenant();
    let server = tenant.server();
    let mut ids = Vec::new();
    for units in 1..=5 {
        let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
        let id = permit["limit_check_id"].as_str().unwrap().to_owned();
        let usage = json!({"units": units, "unit_type": "seconds"});
        server.post(&format!("{}/settle", permit_path(&id)), &usage).expect(200);
        Books(&server).entry(&id);
        ids.push(id);
    }
    let answer = server.call("GET", "/v1/audit/entries").header("accept", "application/x-ndjson").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/x-ndjson")));
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect::<Vec<_>>(), ids);

    let mut paged = Vec::new();
    let mut path = "/v1/audit/entries?limit=2".to_owned();
    loop {
        let page = server.get(&path).expect(200);
        let entries = page["entries"].as_array().unwrap().clone();
        assert!(entries.len() <= 2, "{page}");
        paged.extend(entries);
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/audit/entries?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, lines);
}
