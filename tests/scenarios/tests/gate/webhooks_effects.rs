//! WHK-3, WHK-4: what an event says happens in the books; what fails is tried again, and then an operator's.

use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::hooks::{Event, Sign, now};
use scenarios::tenant::{permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, eventually, json, unique};

/// The first retry comes after 5 s, the second 30 s later.
const WITHIN: Duration = Duration::from_secs(60);

/// A tenant, and what its own systems sign their events with.
struct House {
    tenant: Tenant,
    secret: String,
}

impl House {
    fn new(gate: &Gate) -> Self {
        let (tenant, secret) = (Tenant::new(gate, json!({})), unique("whsec-"));
        let binding = json!({"mode": "live", "base_url": null, "secret": "unused", "webhook_secret": secret});
        gate.admin().put(&format!("/v1/tenants/{}/vendors/generic", tenant.id), &binding).expect(204);
        Self { tenant, secret }
    }

    fn send(&self, gate: &Gate, id: &str, body: &Value) -> Answer {
        let sign = Sign::Generic { secret: self.secret.clone(), id: id.into() };
        let route = format!("/v1/webhooks/generic/{}", self.tenant.id);
        let event = Event { name: id.into(), route, sign, body: body.to_string().into_bytes() };
        let stranger = gate.stranger();
        let call = event
            .headers(now())
            .iter()
            .fold(stranger.call("POST", &event.route), |call, (name, value)| call.header(name, value));
        call.bytes("application/json", event.body).send()
    }

    #[track_caller]
    fn accepted(&self, gate: &Gate, body: &Value) {
        assert_eq!(self.send(gate, &unique("evt-"), body).expect(200)["status"], "accepted", "{body}");
    }

    fn letters(&self, gate: &Gate) -> Vec<Value> {
        let all = gate.admin().get("/v1/webhooks/dead-letters").expect(200);
        let letters = all["dead_letters"].as_array().unwrap_or_else(|| panic!("{all}"));
        letters.iter().filter(|letter| letter["tenant"] == self.tenant.id.as_str()).cloned().collect()
    }
}

fn used(permit: &str, units: u64, reason: &str) -> Value {
    let data = json!({"limit_check_id": permit, "units": units, "unit_type": "seconds", "reason": reason});
    json!({"type": "usage.corrected", "data": data})
}

#[track_caller]
fn reserved(server: &Caller, units: u64) -> String {
    let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
    permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned()
}

#[track_caller]
fn settle(server: &Caller, permit: &str, units: u64) {
    let used = json!({"units": units, "unit_type": "seconds"});
    server.post(&format!("{}/settle", permit_path(permit)), &used).expect(200);
    // In the log, which is what is corrected.
    Books(server).entry(permit);
}

fn corrections(server: &Caller) -> Vec<Value> {
    let entries = Books(server).entries();
    entries.into_iter().filter(|entry| entry["event_type"] == "CORRECTION").collect()
}

/// What the host's timer also does each second.
fn maintain(gate: &Gate) {
    gate.admin().call("POST", "/v1/maintenance/webhooks").send().expect(200);
}

#[test]
fn whk_3_what_was_really_used_is_corrected_once_in_the_log_and_in_the_usage() {
    let gate = Gate::shared();
    let house = House::new(gate);
    let server = house.tenant.server();
    let permit = reserved(&server, 30);
    settle(&server, &permit, 30);

    let (first, body) = (unique("evt-"), used(&permit, 12, "invoice 7"));
    for expected in ["accepted", "duplicate", "duplicate"] {
        assert_eq!(house.send(gate, &first, &body).expect(200)["status"], expected);
    }
    let entries = eventually("the correction", WITHIN, || Some(corrections(&server)).filter(|found| !found.is_empty()));
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["cost_nanos"], -18 * SECOND, "{}", entries[0]);
    assert_eq!(
        (&entries[0]["details"]["corrects"], &entries[0]["details"]["reason"]),
        (&json!(permit), &json!("invoice 7"))
    );
    assert_eq!(Books(&server).settled_money().settled, 12 * SECOND);

    // What it costs already needs no entry; and upwards.
    house.accepted(gate, &used(&permit, 12, "invoice 7, once more"));
    house.accepted(gate, &used(&permit, 25, "invoice 8"));
    let entries = eventually("the other one", WITHIN, || Some(corrections(&server)).filter(|found| found.len() > 1));
    let costs: i64 = entries.iter().map(|entry| entry["cost_nanos"].as_i64().expect("a cost")).sum();
    assert_eq!((entries.len(), costs), (2, -5 * SECOND));
    assert_eq!(Books(&server).settled_money().settled, 25 * SECOND);
    assert_eq!(house.letters(gate), [Value::Null; 0]);
}

#[test]
fn whk_4_an_event_before_its_subject_is_tried_again_until_that_is_there() {
    let gate = Gate::shared();
    let house = House::new(gate);
    let server = house.tenant.server();
    let permit = reserved(&server, 30);
    house.accepted(gate, &used(&permit, 7, "early"));
    maintain(gate);
    assert_eq!((corrections(&server), house.letters(gate)), (vec![], vec![]), "it waits, and is no dead letter");
    settle(&server, &permit, 30);
    let entries = eventually("the correction", WITHIN, || {
        maintain(gate);
        Some(corrections(&server)).filter(|found| !found.is_empty())
    });
    assert_eq!((entries.len(), &entries[0]["cost_nanos"]), (1, &json!(-23 * SECOND)));
}

#[test]
fn whk_4_what_can_never_be_is_listed_and_stays_after_a_replay() {
    let gate = Gate::shared();
    let (house, other) = (House::new(gate), House::new(gate));
    let server = other.tenant.server();
    let permit = reserved(&server, 30);
    settle(&server, &permit, 30);
    house.accepted(gate, &used(&permit, 1, "of another tenant"));
    house.accepted(gate, &json!({"type": "usage.corrected", "data": {"units": -1}}));
    house.accepted(gate, &json!({"type": "something.else", "data": {"units": -1}}));
    let letters = house.letters(gate);
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in &letters {
        assert_eq!((&letter["attempts"], &letter["provider"]), (&json!(1), &json!("generic")), "{letter}");
        let path = format!("/v1/webhooks/events/{}/replay", letter["id"].as_str().expect("an id"));
        house.tenant.server().call("POST", &path).send().refused(403, "forbidden");
        let replayed = gate.admin().call("POST", &path).send().expect(200);
        assert_eq!((&replayed["status"], &replayed["reason"]), (&json!("failed"), &letter["reason"]), "{letter}");
    }
    assert_eq!(house.letters(gate).len(), 2);
    assert_eq!(Books(&server).settled_money().settled, 30 * SECOND, "nobody else's books are touched");
}

#[test]
fn whk_4_maintenance_is_the_operators() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    for caller in [gate.stranger(), tenant.server(), tenant.visitor()] {
        for (method, path) in [("POST", "/v1/maintenance/webhooks"), ("GET", "/metrics")] {
            let answer = caller.call(method, path).send();
            assert!(matches!(answer.status, 401 | 403), "{path}: {} {}", answer.status, answer.text());
        }
    }
    gate.admin().get("/v1/maintenance/webhooks").refused(405, "method_not_allowed");
    let done = gate.admin().call("POST", "/v1/maintenance/webhooks").send().expect(200);
    assert_eq!(done["status"], "ok", "{done}");
}
