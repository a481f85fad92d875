//! TWN-3: what happens at a tenant is told as it happens, and who was away goes on where they were.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use scenarios::{Caller, Gate, Stream, Tenant, Value, eventually, json};

const LIVE: &str = "/v1/live";

/// Reads a stream event by event: its place, its type, its data.
struct Live {
    stream: Stream,
    text: String,
}

impl Live {
    #[track_caller]
    fn open(caller: &Caller, query: &str, last: Option<&str>) -> Self {
        let call = caller.call("GET", &format!("{LIVE}{query}"));
        let stream = last.into_iter().fold(call, |call, id| call.header("last-event-id", id)).open();
        assert_eq!((stream.status(), stream.header("content-type")), (200, Some("text/event-stream")));
        Self { stream, text: String::new() }
    }

    #[track_caller]
    fn next(&mut self) -> (String, String, Value) {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let fields: BTreeMap<String, String> = message
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                self.text = rest.to_owned();
                if let (Some(id), Some(kind), Some(data)) = (fields.get("id"), fields.get("event"), fields.get("data"))
                {
                    return (id.clone(), kind.clone(), serde_json::from_str(data).expect("JSON"));
                }
            }
            let chunk = self.stream.try_read().expect("the stream goes on").expect("it doesn't end");
            self.text += std::str::from_utf8(&chunk).expect("UTF-8");
        }
    }
}

fn happen(tenant: &Tenant) -> String {
    tenant.server().post("/v1/events/test", &json!({})).expect(202)["id"].as_str().expect("an id").to_owned()
}

#[test]
fn ops_1_a_client_that_has_gone_holds_no_instance() {
    let gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let busy = || -> u64 {
        let text = gate.admin().get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix("tollgate_instances_busy ")).expect("the gauge");
        line.parse().expect("a number")
    };
    // Whoever tells the number may be one of them, or be done already.
    let idle = (0..20).map(|_| busy()).min().expect("samples");
    let stream = Live::open(&tenant.server(), "", None);
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        assert!(busy() > idle, "the stream has its instance");
    }
    drop(stream);
    let gone = Instant::now();
    eventually("the instance to be let go", Duration::from_secs(6), || (busy() == idle).then_some(()));
    println!("noticed after {:?}", gone.elapsed());
}

#[test]
fn twn_3_live_events_resume() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let first = happen(&tenant);
    // Who says no place hears what comes; who says one, what came after it.
    let mut fresh = Live::open(&tenant.server(), "", None);
    let mut all = Live::open(&tenant.server(), "?after=0", None);
    let second = happen(&tenant);
    let told = |live: &mut Live| live.next().2["id"].as_str().expect("an id").to_owned();
    assert_eq!(told(&mut fresh), second);
    let (place, kind, data) = all.next();
    assert_eq!((kind.as_str(), data["id"].as_str()), ("test", Some(first.as_str())));
    assert_eq!(told(&mut all), second);
    drop((all, fresh));

    let third = happen(&tenant);
    let mut resumed = Live::open(&tenant.server(), "?after=999", Some(&place));
    assert_eq!([told(&mut resumed), told(&mut resumed)], [second.clone(), third.clone()]);
    let mut by_operator = Live::open(&gate.admin(), &format!("?tenant={}&after={place}", tenant.id), None);
    assert_eq!([told(&mut by_operator), told(&mut by_operator)], [second, third]);
}

#[test]
fn twn_3_a_page_hears_of_its_own_session_and_nobody_of_others() {
    let gate = Gate::shared();
    let (tenant, other) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    let page = tenant.page();
    let mut live = Live::open(&page.caller, "?after=0", None);
    happen(&tenant);
    happen(&other);
    page.end().expect(204);
    let (_, kind, data) = live.next();
    assert_eq!(kind, "session.started", "{data}");
    let (_, kind, _) = live.next();
    assert_eq!(kind, "session.ended", "nothing of the tenant's, nothing of others'");

    gate.stranger().get(LIVE).refused(401, "unauthenticated");
    assert!(matches!(tenant.visitor().get(LIVE).status, 401 | 403));
    assert_eq!(gate.admin().get(LIVE).refused(400, "invalid_request")["param"], "tenant");
    gate.admin().get(&format!("{LIVE}?tenant=nobody-here")).refused(404, "not_found");
    assert_eq!(tenant.server().get(&format!("{LIVE}?after=x")).refused(400, "invalid_request")["param"], "after");
    assert_eq!(tenant.server().post(LIVE, &json!({})).status, 405);
}
