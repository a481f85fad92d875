//! Events about jobs: each job is looked at and settled once, however often its vendor reports.

use std::time::Duration;

use scenarios::hooks::{Event, Sign};
use scenarios::tenant::merge;
use scenarios::wait::at_once;
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json, unique, usd};

/// Nano-USD of a credit, and the credits of a job.
const CREDIT: i64 = 5_000_011;
const CREDITS: i64 = 60;
/// The vendor is asked again after a minute at the latest.
const WITHIN: Duration = Duration::from_secs(75);

pub struct Jobs {
    tenant: Tenant,
    ids: Vec<String>,
    pub events: Vec<Event>,
}

impl Jobs {
    /// So many jobs under way, each with the event by which its vendor says that it is over.
    pub fn prepare(gate: &Gate, count: usize) -> Self {
        let price = json!({"vendor": "kie", "model": "*", "unit_type": "credits", "usd_per_unit": usd(CREDIT),
            "valid_from": "2026-01-01"});
        gate.admin().put("/v1/prices", &json!({"prices": [price]})).done();
        let mut record = json!({"vendors": {"jobs": {"provider": "kie"}}});
        merge(&mut record, json!({"limits": {"monthly_cost_usd": "1000000", "burst": 100_000}}));
        let (mut tenant, secret) = (Tenant::new(gate, record), unique("whsec-"));
        tenant.bind(gate, "kie", Mocks::shared(), json!({"webhook_secret": secret}));
        let workers = 4;
        let ids = at_once(workers, |number| {
            let own = (0..count).filter(|at| at % workers == number);
            own.map(|_| start(&tenant)).collect::<Vec<_>>()
        });
        let all = Mocks::shared().control().get("/control/jobs").expect(200);
        let key = &tenant.vendor_secrets["kie"];
        let tasks = all.as_array().into_iter().flatten().filter(|job| job["key"] == **key);
        let events: Vec<Event> = tasks.map(|job| event(&tenant, &secret, job["id"].as_str().expect("an id"))).collect();
        assert_eq!(events.len(), count);
        Self { ids: ids.concat(), events, tenant }
    }

    /// All are done, and each has been paid for once.
    pub fn check(&self, gate: &Gate) {
        let server = self.tenant.moved_to(gate).server();
        for id in &self.ids {
            eventually("the end of a job", WITHIN, || {
                (server.get(&format!("/v1/jobs/{id}")).expect(200)["status"] == "done").then_some(())
            });
        }
        let each = CREDITS * CREDIT;
        assert_eq!(Books(&server).settled_money().settled, each * self.ids.len() as i64);
        let entries = Books(&server).entries();
        assert_eq!(entries.len(), self.ids.len());
        assert!(entries.iter().all(|entry| entry["cost_nanos"] == each), "{entries:?}");
    }
}

fn start(tenant: &Tenant) -> String {
    let input = json!({"prompt": "A lighthouse in the fog [[looks:1]]", "aspect_ratio": "16:9"});
    let job =
        tenant.server().post("/v1/jobs", &json!({"provider": "kie", "kind": "video", "input": input})).expect(202);
    job["id"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned()
}

fn event(tenant: &Tenant, secret: &str, task: &str) -> Event {
    let body: Value = json!({"code": 200, "msg": "done", "data": {"taskId": task, "info": {}}});
    let sign = Sign::Kie { secret: secret.to_owned(), task: task.to_owned() };
    let route = format!("/v1/webhooks/kie/{}", tenant.id);
    Event { name: task.to_owned(), route, sign, body: body.to_string().into_bytes() }
}
