//! AUD-1: what operators do and when sessions begin and end stands in the log too: one entry each, which costs nothing and
//! tells no secret.

use std::time::Duration;

use scenarios::tenant::{Page, permit_path, seconds};
use scenarios::{Answer, Books, Gate, Tenant, Value, eventually, json, unique};

const LIMIT: Duration = Duration::from_secs(15);

/// The whole log, as the operator sees it: in order, with what still waits for its place at the end.
#[track_caller]
fn log(gate: &Gate) -> Vec<Value> {
    Books(&gate.admin()).entries()
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_else(|| panic!("no {field} in {entry}"))
}

/// What operators do, and what is new in the log after each.
struct Watch<'a> {
    gate: &'a Gate,
    seen: Vec<String>,
    /// Everything that was new, as it was shown.
    shown: String,
}

impl<'a> Watch<'a> {
    fn new(gate: &'a Gate) -> Self {
        let seen = log(gate).iter().map(|entry| text(entry, "limit_check_id").to_owned()).collect();
        Self { gate, seen, shown: String::new() }
    }

    /// The details of each event that this brought, after a check of all the rest. `company` is whose events they are.
    #[track_caller]
    fn after(&mut self, answer: &Answer, status: u16, whose: (&str, &str), types: &[&str]) -> Vec<Value> {
        assert_eq!(answer.status, status, "{}", answer.text());
        let is_new = |entry: &Value| !self.seen.iter().any(|id| *id == text(entry, "limit_check_id"));
        let new: Vec<Value> = log(self.gate).into_iter().filter(is_new).collect();
        assert_eq!(new.iter().map(|entry| text(entry, "event_type")).collect::<Vec<_>>(), types, "{new:?}");
        for entry in &new {
            let id = text(entry, "limit_check_id");
            assert!(id.len() == 30 && id.starts_with("evt_"), "{entry}");
            assert_eq!((text(entry, "tenant_id"), text(entry, "company")), whose, "{entry}");
            assert_eq!((&entry["cost_nanos"], &entry["units_consumed"]), (&json!(0), &json!(0)), "{entry}");
            assert_eq!(entry["cost_amount"].as_f64(), Some(0.0), "{entry}");
            for empty in ["provider", "model", "unit_type", "channel", "capability", "settlement"] {
                assert_eq!(entry[empty], "", "{empty}: {entry}");
            }
            assert_eq!(
                (entry["session_id"].as_str(), entry["request_id"].as_str()),
                (None, answer.header("x-request-id"))
            );
            self.seen.push(id.to_owned());
            self.shown += &entry.to_string();
        }
        new.into_iter().map(|entry| entry["details"].clone()).collect()
    }
}

#[test]
fn aud_1_each_thing_that_an_operator_does_is_one_entry() {
    let gate = Gate::start();
    let admin = gate.admin();
    let mut watch = Watch::new(&gate);
    let (id, company, secret) = (unique("tenant-"), unique("company-"), unique("sk-vendor-"));
    let path = format!("/v1/tenants/{id}");
    let whose = (id.as_str(), company.as_str());
    let nobody = ("", "");

    let record = json!({"id": id, "company": company, "limits": {"monthly_cost_usd": "25.00"}});
    let keyed =
        |path: &str, key: &str, body: &Value| admin.call("POST", path).header("idempotency-key", key).json(body).send();
    let made = keyed("/v1/tenants", "made-once", &record);
    let keys = made.expect(201);
    let told = watch.after(&made, 201, whose, &["TENANT_CREATED"]);
    for name in ["publishable_key_id", "secret_key_id"] {
        assert_eq!(told[0][name], keys[name], "{told:?}");
    }
    assert_eq!((&told[0]["old.monthly_cost_usd"], &told[0]["new.monthly_cost_usd"]), (&json!("none"), &json!("25.00")));
    watch.after(&keyed("/v1/tenants", "made-once", &record), 201, whose, &[]);
    watch.after(&admin.post("/v1/tenants", &record), 409, whose, &[]);

    let told =
        watch.after(&admin.patch(&path, &json!({"display_name": "Secret plans"})), 200, whose, &["TENANT_CHANGED"]);
    assert_eq!(told[0], json!({"fields": "display_name"}));
    let changed = admin.patch(&path, &json!({"limits": {"monthly_cost_usd": "30.50", "burst": 4}}));
    let told = watch.after(&changed, 200, whose, &["LIMITS_CHANGED"]);
    let expected = json!({"old.monthly_cost_usd": "25.00", "new.monthly_cost_usd": "30.50", "old.burst": "none", "new.burst": "4"});
    assert_eq!(told[0], expected);
    watch.after(&admin.patch(&path, &json!({"display_name": "Secret plans", "limits": {"burst": 4}})), 200, whose, &[]);
    watch.after(&admin.patch(&path, &json!({"limits": {"burst": -1}})), 400, whose, &[]);
    watch.after(&gate.stranger().patch(&path, &json!({"display_name": "X"})), 401, whose, &[]);
    let both = admin.patch(&path, &json!({"minimum_age": 18, "limits": {"burst": 5}}));
    watch.after(&both, 200, whose, &["TENANT_CHANGED", "LIMITS_CHANGED"]);

    let issued = keyed(&format!("{path}/keys"), "issued-once", &json!({"kind": "secret"}));
    let key = issued.expect(201);
    let told = watch.after(&issued, 201, whose, &["KEY_CREATED"]);
    assert_eq!(told[0], json!({"key_id": key["id"], "kind": "secret"}));
    watch.after(&keyed(&format!("{path}/keys"), "issued-once", &json!({"kind": "secret"})), 201, whose, &[]);
    let key_path = format!("{path}/keys/{}", text(&key, "id"));
    let told = watch.after(&admin.delete(&key_path), 204, whose, &["KEY_REVOKED"]);
    assert_eq!(told[0], json!({"key_id": key["id"], "kind": "secret"}));
    watch.after(&admin.delete(&key_path), 204, whose, &[]);

    let binding = json!({"mode": "live", "secret": secret, "webhook_secret": format!("wh-{secret}")});
    let told = watch.after(&admin.put(&format!("{path}/vendors/openai"), &binding), 204, whose, &["VENDOR_BOUND"]);
    assert_eq!(told[0], json!({"vendor": "openai", "mode": "live", "secret": "new"}));
    let told = watch.after(&admin.delete(&format!("{path}/vendors/openai")), 204, whose, &["VENDOR_UNBOUND"]);
    assert_eq!(told[0], json!({"vendor": "openai", "mode": "live"}));
    watch.after(&admin.delete(&format!("{path}/vendors/openai")), 204, whose, &[]);

    let caps = json!({"limits": {"monthly_cost_usd": "100.00"}});
    let of_company = format!("/v1/companies/{company}");
    let all = ("", company.as_str());
    let told = watch.after(&admin.put(&of_company, &caps), 200, all, &["COMPANY_LIMITS_CHANGED"]);
    assert_eq!(told[0], json!({"old.monthly_cost_usd": "none", "new.monthly_cost_usd": "100.00"}));
    watch.after(&admin.put(&of_company, &caps), 200, all, &[]);

    let price = |vendor: &str| json!({"vendor": vendor, "model": "*", "unit_type": "seconds", "usd_per_unit": "0.5"});
    let prices = json!({"prices": [price("tavus"), price("heygen")]});
    let told = watch.after(&admin.put("/v1/prices", &prices), 200, nobody, &["PRICES_CHANGED"]);
    assert_eq!(told[0], json!({"rows": "2", "vendors": "heygen, tavus"}));
    watch.after(&admin.put("/v1/prices", &prices), 200, nobody, &[]);

    watch.after(&admin.delete(&path), 204, whose, &["TENANT_DELETED"]);
    watch.after(&admin.delete(&path), 204, whose, &[]);

    // The same once each has its place.
    eventually("every event to have its place", LIMIT, || {
        gate.maintain();
        log(&gate).iter().all(|entry| entry["seq"].is_u64()).then_some(())
    });
    watch.after(&admin.get("/v1/prices"), 200, nobody, &[]);
    let secrets =
        [text(&keys, "publishable_key"), text(&keys, "secret_key"), text(&key, "key"), &secret, &gate.admin_key];
    for secret in secrets.into_iter().chain(["Secret plans"]) {
        assert!(!watch.shown.contains(secret), "{secret} is told");
    }
}

/// The events of a session, in order.
fn of_session(gate: &Gate, session: &str) -> Vec<Value> {
    log(gate)
        .into_iter()
        .filter(|entry| entry["session_id"] == session && entry["event_type"] != "TWIN_INTERACTION")
        .collect()
}

#[track_caller]
fn told(gate: &Gate, session: &str, types: &[&str]) -> Vec<Value> {
    let found = eventually(&format!("{types:?} of {session}"), LIMIT, || {
        gate.maintain();
        Some(of_session(gate, session)).filter(|found| found.len() >= types.len())
    });
    assert_eq!(found.iter().map(|entry| text(entry, "event_type")).collect::<Vec<_>>(), types, "{found:?}");
    found
}

#[test]
fn aud_1_each_session_is_one_entry_when_it_begins_and_one_when_it_ends() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({"minimum_age": 18}));
    let open = |tenant: &Tenant| {
        let body = json!({"channel": "widget", "consent": true, "age_attested": 34});
        Page::of(tenant, &tenant.open_session(&body).expect(201))
    };
    let settle = |tenant: &Tenant, units: u64| {
        let server = tenant.server();
        let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
        let path = permit_path(text(&permit, "limit_check_id"));
        server.post(&format!("{path}/settle"), &json!({"units": units, "unit_type": "seconds"})).expect(200);
    };
    settle(&tenant, 7);
    let (ended, open_one) = (open(&tenant), open(&tenant));
    ended.end().done();
    // What was acknowledged is told, whatever happens now.
    gate.kill9();
    gate.restart();
    let tenant = tenant.moved_to(&gate);

    let both = told(&gate, &ended.id, &["SESSION_STARTED", "SESSION_ENDED"]);
    for entry in &both {
        assert_eq!((text(entry, "tenant_id"), text(entry, "company")), (tenant.id.as_str(), tenant.company.as_str()));
        assert_eq!((text(entry, "channel"), &entry["cost_nanos"]), ("widget", &json!(0)), "{entry}");
        assert!(text(entry, "limit_check_id").starts_with("evt_"), "{entry}");
    }
    let expected = json!({"mode": "full", "capabilities": "chat, speech, video, context, jobs", "consent": "given",
        "age": "attested", "minimum_age": "18"});
    assert_eq!((&both[0]["details"], &both[1]["details"]), (&expected, &json!({"reason": "page"})));
    told(&gate, &open_one.id, &["SESSION_STARTED"]);

    // Its tenant is deleted: the session ends, and that is told in the name of who owned the tenant.
    settle(&tenant, 5);
    let server = tenant.server();
    let settled = Books(&server).settled_money().settled;
    assert_eq!(settled, 12_000_000, "events cost nothing");
    let company_settled = Books(&server).usage().company.settled;
    assert_eq!(company_settled, settled);
    gate.admin().delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    let both = told(&gate, &open_one.id, &["SESSION_STARTED", "SESSION_ENDED"]);
    assert_eq!(both[1]["details"], json!({"reason": "revoked"}));
    assert_eq!(text(&both[1], "company"), tenant.company);

    // Once more, after everything has been carried over and given its place.
    gate.restart();
    gate.maintain();
    told(&gate, &ended.id, &["SESSION_STARTED", "SESSION_ENDED"]);
    let ours: Vec<Value> = log(&gate).into_iter().filter(|entry| entry["tenant_id"] == tenant.id.as_str()).collect();
    let cost: i64 = ours.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
    assert_eq!(cost, settled, "{ours:?}");
    let mut ids: Vec<&str> = ours.iter().map(|entry| text(entry, "limit_check_id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ours.len(), "each id once");
    for entry in &ours {
        let shown = entry.to_string();
        for secret in [&tenant.secret_key, &tenant.publishable_key, &ended.token, &open_one.token, &gate.admin_key] {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
    }
}

#[test]
fn aud_1_sessions_that_open_at_once_are_each_told_once() {
    let gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let pages: Vec<Page> = scenarios::wait::at_once(8, |_| {
        (0..5)
            .map(|_| {
                let page = tenant.page();
                // Its page and the maintenance at once.
                scenarios::wait::at_once(3, |_| drop(page.end()));
                page
            })
            .collect::<Vec<_>>()
    })
    .concat();
    scenarios::wait::at_once(4, |_| gate.maintain());
    for page in &pages {
        told(&gate, &page.id, &["SESSION_STARTED", "SESSION_ENDED"]);
    }
    let maintained = gate.admin().call("POST", "/v1/maintenance").send().expect(200);
    assert_eq!((&maintained["status"], &maintained["log"]["error"]), (&json!("ok"), &Value::Null), "{maintained}");
}
