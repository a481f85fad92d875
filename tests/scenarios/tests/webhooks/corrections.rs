//! Events that say what an interaction really used: each is one correction in the log, and what the interaction costs in
//! the end is what one of them said.

use std::collections::BTreeMap;
use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::hooks::{Event, Sign};
use scenarios::tenant::{permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Tenant, Value, eventually, json, unique};

use crate::kept::bind;

/// What each interaction was settled with, and what its events say, in seconds: all different, so that each event moves
/// the cost, whatever the order, and a second effect of one would show as one more entry.
const SETTLED: u64 = 20;
const REALLY: [u64; 3] = [5, 9, 31];
/// An event that met another one is tried again after 5 s, then after 30 s; on a busy machine it may meet several.
const WITHIN: Duration = Duration::from_secs(180);

pub struct Corrected {
    pub tenant: Tenant,
    pub events: Vec<Event>,
    interactions: usize,
}

impl Corrected {
    /// So many settled interactions of one tenant, with three events each.
    pub fn prepare(gate: &Gate, interactions: usize) -> Self {
        let limits = json!({"limits": {"monthly_cost_usd": "1000000"}});
        let (tenant, secret) = (Tenant::new(gate, limits), unique("whsec-"));
        bind(gate, &tenant, "generic", &secret, json!({}));
        let workers = 8;
        let permits = at_once(workers, |number| {
            let own = (0..interactions).filter(|at| at % workers == number);
            own.map(|_| settle(&tenant)).collect::<Vec<_>>()
        });
        let permits = permits.concat();
        let events = permits.iter().flat_map(|permit| REALLY.map(|units| event(&tenant, &secret, permit, units)));
        let events = events.collect();
        Self { events, tenant, interactions }
    }

    /// Each event has exactly one entry, and all of them come to what the usage says.
    pub fn check(&self, gate: &Gate) {
        let server = self.tenant.moved_to(gate).server();
        let books = Books(&server);
        let all = self.interactions * (1 + REALLY.len());
        eventually("an entry for each event", WITHIN, || (books.entries().len() >= all).then_some(()));
        let entries = books.entries();
        assert_eq!(entries.len(), all, "an event has had two effects");

        let mut by_event: BTreeMap<&str, usize> = BTreeMap::new();
        let mut costs: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &entries {
            let cost = entry["cost_nanos"].as_i64().expect("a cost");
            let text = |value: &'static str| entry.pointer(value).and_then(Value::as_str);
            if entry["event_type"] == "CORRECTION" {
                *by_event.entry(text("/details/reason").expect("a reason")).or_default() += 1;
                *costs.entry(text("/details/corrects").expect("what it corrects")).or_default() += cost;
            } else {
                *costs.entry(text("/limit_check_id").expect("an id")).or_default() += cost;
            }
        }
        for event in &self.events {
            let found = by_event.iter().filter(|(reason, _)| reason.contains(&event.name)).map(|(_, count)| count);
            assert_eq!(found.sum::<usize>(), 1, "{}", event.name);
        }
        assert_eq!(costs.len(), self.interactions);
        for (permit, cost) in &costs {
            assert!(REALLY.iter().any(|units| *units as i64 * SECOND == *cost), "{permit} costs {cost}");
        }
        let settled = books.settled_money().settled;
        assert_eq!(settled, costs.values().sum::<i64>(), "usage is the sum of the entries");
    }
}

fn settle(tenant: &Tenant) -> String {
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(SETTLED)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned();
    let used = json!({"units": SETTLED, "unit_type": "seconds"});
    server.post(&format!("{}/settle", permit_path(&id)), &used).expect(200);
    id
}

fn event(tenant: &Tenant, secret: &str, permit: &str, units: u64) -> Event {
    let name = unique("used-");
    let data = json!({"limit_check_id": permit, "units": units, "unit_type": "seconds", "reason": name});
    let body = json!({"type": "usage.corrected", "data": data}).to_string().into_bytes();
    let sign = Sign::Generic { secret: secret.to_owned(), id: unique("evt-") };
    Event { name, route: format!("/v1/webhooks/generic/{}", tenant.id), sign, body }
}
