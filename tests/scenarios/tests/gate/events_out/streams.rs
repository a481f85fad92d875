//! The feed as it is read: in pages, in streams, by whom.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use scenarios::{Caller, Gate, Stream, Tenant, Value, eventually, json};

use super::LIMIT;

const EVENTS: &str = "/v1/events";

/// One message of a stream.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    id: String,
    kind: String,
    data: Value,
}

/// Reads a stream message by message.
struct Reader {
    stream: Stream,
    text: String,
}

impl Reader {
    #[track_caller]
    fn open(caller: &Caller, query: &str, last: Option<&str>) -> Self {
        let call = caller.call("GET", &format!("{EVENTS}{query}")).header("accept", "text/event-stream");
        let call = match last {
            Some(id) => call.header("last-event-id", id),
            None => call,
        };
        let stream = call.open();
        assert_eq!((stream.status(), stream.header("content-type")), (200, Some("text/event-stream")));
        Self { stream, text: String::new() }
    }

    /// The next message; `None` at the end or the break.
    fn next(&mut self) -> Option<Message> {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let mut fields: BTreeMap<String, String> = BTreeMap::new();
                for (name, value) in message.lines().filter_map(|line| line.split_once(": ")) {
                    fields.insert(name.to_owned(), value.to_owned());
                }
                self.text = rest.to_owned();
                if let (Some(id), Some(kind), Some(data)) = (fields.get("id"), fields.get("event"), fields.get("data"))
                {
                    let data = serde_json::from_str(data).expect("JSON");
                    return Some(Message { id: id.clone(), kind: kind.clone(), data });
                }
            }
            let chunk = self.stream.try_read().ok().flatten()?;
            self.text += std::str::from_utf8(&chunk).expect("UTF-8");
        }
    }
}

fn test(caller: &Caller) -> String {
    caller.post("/v1/events/test", &json!({})).expect(202)["id"].as_str().expect("an id").to_owned()
}

#[test]
fn run_1_events_are_read_in_pages() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let server = tenant.server();
    assert_eq!(server.get(EVENTS).expect(200), json!({"events": [], "next": 0}));
    let ids: Vec<String> = (0..5).map(|_| test(&server)).collect();
    let mut read = Vec::new();
    let mut next = 0;
    for expected in [2, 2, 1, 0] {
        let page = server.get(&format!("{EVENTS}?after={next}&limit=2")).expect(200);
        let events = page["events"].as_array().expect("events").clone();
        assert_eq!(events.len(), expected, "{page}");
        next = page["next"].as_u64().expect("a place");
        read.extend(events);
    }
    assert_eq!(read.iter().map(|event| event["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    for (event, place) in read.iter().zip(1..) {
        assert_eq!((&event["cursor"], &event["type"]), (&json!(place), &json!("test")), "{event}");
        assert!(event["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{event}");
    }
    let admin = gate.admin();
    assert_eq!(
        admin.get(&format!("{EVENTS}?tenant={}&limit=1", tenant.id)).expect(200)["events"][0]["id"],
        ids[0].as_str()
    );
}

#[test]
fn prx_4_nobody_reads_what_isnt_theirs() {
    let gate = Gate::shared();
    let (tenant, other) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    test(&tenant.server());
    let dead = "/v1/events/dead-letters";
    assert_eq!(other.server().get(EVENTS).expect(200), json!({"events": [], "next": 0}));
    assert_eq!(other.server().get(&format!("{EVENTS}?tenant={}", tenant.id)).expect(200)["events"], json!([]));
    for path in [EVENTS, dead] {
        gate.stranger().get(path).refused(401, "unauthenticated");
        assert!(matches!(tenant.visitor().get(path).status, 401 | 403));
        assert_eq!(gate.admin().get(path).refused(400, "invalid_request")["param"], "tenant");
        gate.admin().get(&format!("{path}?tenant=nobody-here")).refused(404, "not_found");
    }
    let page = tenant.page().caller;
    page.get(dead).refused(403, "forbidden");
    page.post("/v1/events/test", &json!({})).refused(403, "forbidden");
    page.post(&format!("{dead}/msg_1/redeliver"), &json!({})).refused(403, "forbidden");
    tenant.server().post(&format!("{dead}/msg_1/redeliver"), &json!({})).refused(404, "not_found");
    tenant.server().post("/v1/maintenance/events", &json!({})).refused(403, "forbidden");
    gate.stranger().post("/v1/maintenance/events", &json!({})).refused(401, "unauthenticated");
    gate.admin().post("/v1/maintenance/events", &json!({})).expect(200);

    let server = tenant.server();
    for (query, param) in [
        ("after=x", "after"),
        ("after=-1", "after"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
    ] {
        assert_eq!(server.get(&format!("{EVENTS}?{query}")).refused(400, "invalid_request")["param"], param);
    }
    let bad = server.call("GET", EVENTS).header("last-event-id", "x").send();
    assert_eq!(bad.refused(400, "invalid_request")["param"], "Last-Event-ID");
    // The end may have moved since: the page's session has begun.
    let beyond = server.get(&format!("{EVENTS}?after=99999")).expect(200);
    assert!(beyond["events"] == json!([]) && beyond["next"].as_u64().is_some_and(|next| next <= 2), "{beyond}");
    for (method, path, allowed) in [
        ("POST", EVENTS, "GET"),
        ("DELETE", dead, "GET"),
        ("GET", "/v1/events/test", "POST"),
        ("GET", "/v1/maintenance/events", "POST"),
    ] {
        let answer = server.call(method, path).send();
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allowed));
    }
    server.get("/v1/events/nothing").refused(404, "not_found");
}

#[test]
fn run_1_a_stream_goes_on_where_it_broke_off_though_the_gate_is_killed() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let (mut told, mut heard, mut last) = (Vec::new(), Vec::<Message>::new(), None);
    for round in 0..3 {
        let server = tenant.moved_to(&gate).server();
        let mut reader = Reader::open(&server, "?after=0", last.as_deref());
        told.extend((0..3).map(|_| test(&server)));
        // The first time all of them; then some are left for the next stream.
        while heard.len() < told.len().saturating_sub(round) {
            heard.push(reader.next().expect("a message"));
        }
        last = heard.last().map(|message| message.id.clone());
        gate.kill9();
        assert!(reader.next().is_none_or(|message| told.contains(&message.data["id"].as_str().unwrap().to_owned())));
        gate.restart();
    }
    let server = tenant.moved_to(&gate).server();
    let mut reader = Reader::open(&server, "?after=0", last.as_deref());
    while heard.len() < told.len() {
        heard.push(reader.next().expect("a message"));
    }
    let ids: Vec<&str> = heard.iter().map(|message| message.data["id"].as_str().unwrap()).collect();
    assert_eq!(ids, told, "none lost, none twice, all in order");
    assert!(heard.iter().all(|message| message.kind == "test" && message.data["type"] == "test"));
}

#[test]
fn run_1_who_says_no_place_hears_what_happens_from_now_on() {
    let gate = Gate::shared();
    let server = Tenant::new(gate, json!({})).server();
    test(&server);
    let mut reader = Reader::open(&server, "", None);
    let second = test(&server);
    assert_eq!(reader.next().expect("a message").data["id"], second.as_str());
}

#[test]
fn run_1_a_page_hears_of_its_own_session_until_it_ends() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let (page, other) = (tenant.page(), tenant.page());
    let mut reader = Reader::open(&page.caller, "?after=0", None);
    test(&tenant.server());
    assert_eq!(reader.stream.header("access-control-allow-origin"), Some(scenarios::ORIGIN));
    let started = reader.next().expect("a message");
    assert_eq!((started.kind.as_str(), &started.data["data"]["session"]), ("session.started", &json!(page.id)));
    eventually("all are told", LIMIT, || {
        let all = tenant.server().get(EVENTS).expect(200);
        (all["events"].as_array().is_some_and(|events| events.len() >= 3)).then_some(())
    });
    let own = page.caller.get(EVENTS).expect(200);
    assert_eq!(own["events"].as_array().map(Vec::len), Some(1), "{own}");
    other.end().expect(204);
    let asked = Instant::now();
    page.end().expect(204);
    let ended = reader.next().expect("a message");
    assert_eq!((ended.kind.as_str(), &ended.data["data"]["session"]), ("session.ended", &json!(page.id)));
    assert_eq!(reader.next(), None, "the stream ends with the session");
    assert!(asked.elapsed() < Duration::from_secs(15));
    page.caller.get(EVENTS).refused(401, "unauthenticated");
}

#[test]
fn run_1_a_page_may_ask_with_the_id_it_saw_last() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let asked = gate
        .stranger()
        .with_origin(scenarios::ORIGIN)
        .call("OPTIONS", EVENTS)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,last-event-id")
        .send();
    asked.done();
    assert!(asked.header("access-control-allow-headers").is_some_and(|names| names.contains("last-event-id")));
    drop(tenant);
}
