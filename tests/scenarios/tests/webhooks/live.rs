//! Events that end live sessions: each is settled once, and nothing is held any more.

use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::hooks::{Event, Sign, now};
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json};

/// Pages stop ticking with the storm: what no report had ended would be after this.
const WITHIN: Duration = Duration::from_secs(60);

pub struct Live {
    tenant: Tenant,
    count: usize,
    /// The longest that any of them can have lasted, in seconds, by the vendor's own time of its end.
    longest: u64,
    pub events: Vec<Event>,
}

impl Live {
    /// So many live sessions, each with the event by which its vendor says that it is over.
    pub fn prepare(gate: &Gate, count: usize) -> Self {
        let limits = json!({"limits": {"monthly_cost_usd": "1000000", "burst": 100_000}});
        let mut tenant = Tenant::new(gate, limits);
        tenant.bind(gate, "tavus", Mocks::shared(), json!({}));
        let (workers, begun) = (4, now());
        at_once(workers, |number| {
            for _ in (0..count).filter(|at| at % workers == number) {
                tenant.page().caller.post("/v1/video/sessions", &json!({})).expect(201);
            }
        });
        let all = Mocks::shared().control().call("GET", "/tavus/v2/conversations").header("x-api-key", "storm").send();
        let all = all.expect(200);
        let ended = now();
        let own = all["data"].as_array().into_iter().flatten();
        let events: Vec<Event> = own.filter_map(|conversation| event(&tenant, conversation, ended)).collect();
        assert_eq!(events.len(), count);
        Self { tenant, count, longest: ended - begun + 1, events }
    }

    pub fn check(&self, gate: &Gate) {
        let server = self.tenant.moved_to(gate).server();
        let books = Books(&server);
        eventually("the end of every live session", WITHIN, || {
            let usage = books.usage();
            (usage.tenant.held == 0 && usage.open == 0).then_some(())
        });
        let entries = books.entries();
        let interactions = entries.iter().filter(|entry| entry["event_type"] == "TWIN_INTERACTION");
        assert_eq!(interactions.count(), self.count);
        // However late the report came, and though nobody ticked.
        let longest = self.longest as i64 * SECOND;
        assert!(entries.iter().all(|entry| entry["cost_nanos"].as_i64() <= Some(longest)), "{longest}: {entries:?}");
        let logged: i64 = entries.iter().filter_map(|entry| entry["cost_nanos"].as_i64()).sum();
        assert_eq!(books.settled_money().settled, logged, "usage is the sum of the entries");
    }
}

/// The report of a conversation's end, at the address that its vendor was given with the start.
fn event(tenant: &Tenant, conversation: &Value, ended: u64) -> Option<Event> {
    let (_, route) = conversation["callback_url"].as_str()?.split_once("/v1/webhooks/tavus/")?;
    let id = conversation["conversation_id"].as_str()?;
    let body = json!({"event_type": "system.shutdown", "conversation_id": id, "message_type": "system",
        "timestamp": ended, "properties": {"shutdown_reason": "max_call_duration"}});
    let is_own = route.starts_with(&tenant.id);
    let route = format!("/v1/webhooks/tavus/{route}");
    is_own.then(|| Event { name: id.to_owned(), route, sign: Sign::Nothing, body: body.to_string().into_bytes() })
}
