//! AUD-3: the log read from its end, and only those of its entries that are asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::{Caller, Gate, Mocks, Tenant, Value, eventually, json};

const PATH: &str = "/v1/audit/entries";

#[track_caller]
fn interaction(server: &Caller) -> String {
    let permit = server.post("/v1/preflight", &seconds(1)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned();
    server.post(&format!("{}/settle", permit_path(&id)), &json!({"units": 1, "unit_type": "seconds"})).expect(200);
    id
}

fn page(caller: &Caller, query: &str) -> (Vec<Value>, Option<String>) {
    let page = caller.get(&format!("{PATH}?{query}")).expect(200);
    let entries = page["entries"].as_array().unwrap_or_else(|| panic!("{page}")).clone();
    (entries, page["next_cursor"].as_str().map(str::to_owned))
}

/// The ids of a whole list, page by page.
fn pages(caller: &Caller, query: &str, mut between: impl FnMut()) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let (entries, next) = page(caller, &format!("{query}{cursor}"));
        ids.extend(entries.iter().map(|entry| entry["limit_check_id"].as_str().expect("an id").to_owned()));
        assert!(ids.len() < 500, "this list has no end: {query}");
        let Some(next) = next else { return ids };
        cursor = format!("&cursor={next}");
        between();
    }
}

#[test]
fn aud_3_the_newest_come_first_and_what_arrives_meanwhile_shifts_nothing() {
    let gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let other = Tenant::new(&gate, json!({}));
    let server = tenant.server();
    let mut made: Vec<String> = (0..7).map(|_| interaction(&server)).collect();
    interaction(&other.server());
    made.reverse();
    for limit in [1, 2, 3, 100] {
        let arriving = || {
            interaction(&server);
        };
        let (newest, _) = page(&server, "order=newest&limit=1");
        let shown = pages(&server, &format!("order=newest&limit={limit}"), arriving);
        let fresh = shown.len() - 7;
        assert_eq!(shown[fresh..], made, "the older ones, each once, limit {limit}");
        assert_eq!(newest[0]["limit_check_id"], shown[0], "what came since isn't in it");
    }
    // All of the log at once, newest first: what oldest first gives, turned around.
    eventually("everything to have its number", Duration::from_secs(10), || {
        gate.maintain();
        page(&gate.admin(), "order=newest&limit=1000").0.iter().all(|entry| entry["seq"].is_u64()).then_some(())
    });
    let mut oldest = pages(&gate.admin(), "limit=5", || ());
    oldest.reverse();
    assert_eq!(pages(&gate.admin(), "order=newest&limit=4", || ()), oldest);
    let unique: BTreeSet<_> = oldest.iter().collect();
    assert_eq!(unique.len(), oldest.len());
    // As lines, too, page by page.
    let lines =
        server.call("GET", &format!("{PATH}?order=newest&limit=2")).header("accept", "application/x-ndjson").send();
    assert_eq!((lines.status, lines.text().lines().count()), (200, 2));
    assert!(lines.header("x-next-cursor").is_some_and(|cursor| cursor.starts_with("Tlc_")));
}

#[test]
fn aud_3_a_list_is_of_one_session_or_type_capability_or_vendor() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let server = tenant.server();
    let (first, second) = (tenant.page(), tenant.page());
    for page in [&first, &second, &first] {
        page.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    }
    interaction(&server);
    eventually("the calls to settle", Duration::from_secs(10), || {
        (page(&server, "order=newest").0.len() == 4).then_some(())
    });
    let check = |query: &str, count: usize, is_right: &dyn Fn(&Value) -> bool| {
        for order in ["newest", "oldest"] {
            let (entries, next) = page(&server, &format!("order={order}&{query}"));
            assert_eq!((entries.len(), next), (count, None), "{query}: {entries:?}");
            assert!(entries.iter().all(is_right), "{query}: {entries:?}");
        }
    };
    check(&format!("session_id={}", first.id), 2, &|entry| entry["session_id"] == *first.id);
    check(&format!("session_id={}", second.id), 1, &|entry| entry["session_id"] == *second.id);
    check("session_id=ses_nobody", 0, &|_| false);
    check("capability=chat", 3, &|entry| entry["capability"] == "chat");
    check("capability=video", 1, &|entry| entry["provider"] == "tavus");
    check("provider=openai", 3, &|entry| entry["provider"] == "openai");
    check("provider=nobody", 0, &|_| false);
    check("event_type=TWIN_INTERACTION", 4, &|entry| entry["event_type"] == "TWIN_INTERACTION");
    check("event_type=TENANT_CREATED", 1, &|entry| entry["event_type"] == "TENANT_CREATED");
    check("kind=money&event_type=TENANT_CREATED", 0, &|_| false);
    check(&format!("capability=chat&provider=openai&session_id={}", second.id), 1, &|_| true);
}

#[test]
fn aud_3_what_makes_no_list_names_its_field() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let (server, admin) = (tenant.server(), gate.admin());
    let ids = [interaction(&server), interaction(&server)];
    let (_, newest) = page(&server, "order=newest&limit=1");
    let (_, oldest) = page(&server, "limit=1");
    let (newest, oldest) = (newest.expect("more"), oldest.expect("more"));
    assert_eq!(newest, format!("T{}", ids[1]));
    let refused = |caller: &Caller, query: &str, param: &str| {
        let error = caller.get(&format!("{PATH}?{query}")).refused(400, "invalid_request");
        assert_eq!(error["param"], param, "{query}: {error}");
    };
    refused(&server, "order=up", "order");
    refused(&server, "order=", "order");
    refused(&server, "event_type=SOMETHING", "event_type");
    refused(&server, "event_type=", "event_type");
    refused(&server, "capability=telepathy", "capability");
    refused(&server, "provider=No%20Body", "provider");
    refused(&server, "session_id=", "session_id");
    refused(&server, &format!("session_id={}", "x".repeat(129)), "session_id");
    // A cursor of one order, or of one kind of list, is none of another.
    refused(&server, &format!("cursor={newest}"), "cursor");
    refused(&server, &format!("order=newest&cursor={oldest}"), "cursor");
    refused(&admin, &format!("order=newest&cursor={newest}"), "cursor");
    refused(&server, "order=newest&cursor=Tlc_nobody", "cursor");
    refused(&server, "order=newest&cursor=T", "cursor");
    let stranger = Tenant::new(gate, json!({}));
    refused(&stranger.server(), &format!("order=newest&cursor={newest}"), "cursor");
    // As lines it comes in pages alone.
    let lines = server.call("GET", &format!("{PATH}?order=newest")).header("accept", "application/x-ndjson").send();
    assert_eq!(lines.refused(400, "invalid_request")["param"], "order");
}
