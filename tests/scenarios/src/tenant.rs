//! A tenant with vendors, its server, and its page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::amounts::MODEL;
use crate::caller::{Answer, Caller};
use crate::{Gate, Mocks, unique};

/// Where the tenants' pages live.
pub const ORIGIN: &str = "https://page.example";
/// A tenant's own words when it refuses.
pub const FALLBACK: &str = "I am sleeping now, come back tomorrow";

/// A tenant of a gate.
#[derive(Clone)]
pub struct Tenant {
    pub id: String,
    pub company: String,
    pub publishable_key: String,
    pub secret_key: String,
    /// The vendors' keys that were given to the gate, by vendor.
    pub vendor_secrets: BTreeMap<&'static str, String>,
    anyone: Caller,
}

impl Tenant {
    /// A tenant with no vendor; `patch` changes the record it is made from, object by object.
    #[track_caller]
    pub fn new(gate: &Gate, patch: Value) -> Self {
        let mut record = record();
        merge(&mut record, patch);
        let answer = gate.admin().post("/v1/tenants", &record).expect(201);
        let text = |name: &str| find(&answer, name).unwrap_or_else(|| panic!("no {name} in {answer}"));
        let (publishable_key, secret_key) = (text("publishable_key"), text("secret_key"));
        assert!(publishable_key.starts_with("tg_pk_") && secret_key.starts_with("tg_sk_"));
        Self {
            id: text("id"),
            company: record["company"].as_str().expect("a company").to_owned(),
            publishable_key,
            secret_key,
            vendor_secrets: BTreeMap::new(),
            anyone: gate.stranger(),
        }
    }

    /// A tenant whose vendors are all at `mocks`.
    #[track_caller]
    pub fn at(gate: &Gate, mocks: &Mocks, patch: Value) -> Self {
        let mut tenant = Self::new(gate, patch);
        for vendor in ["openai", "elevenlabs", "tavus"] {
            tenant.bind(gate, vendor, mocks, json!({}));
        }
        tenant
    }

    /// Binds a vendor to `mocks`, with a fresh key; `patch` changes the binding.
    #[track_caller]
    pub fn bind(&mut self, gate: &Gate, vendor: &'static str, mocks: &Mocks, patch: Value) {
        let secret = unique(&format!("sk-test-{vendor}-"));
        let mut binding =
            json!({"mode": "mock", "base_url": mocks.base_url(vendor), "secret": secret, "options": options(vendor)});
        merge(&mut binding, patch);
        gate.admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", self.id), &binding).expect(204);
        self.vendor_secrets.insert(vendor, secret);
    }

    /// The tenant's own server, with the secret key.
    pub fn server(&self) -> Caller {
        self.anyone.clone().with_bearer(&self.secret_key)
    }

    /// A page that has no session yet.
    pub fn visitor(&self) -> Caller {
        self.anyone.clone().with_bearer(&self.publishable_key).with_origin(ORIGIN)
    }

    /// A page with a session.
    #[track_caller]
    pub fn page(&self) -> Page {
        Page::of(self, &self.open_session(&json!({"channel": "widget", "consent": true})).expect(201))
    }

    /// `POST /v1/sessions` from the page.
    pub fn open_session(&self, body: &Value) -> Answer {
        self.visitor().post("/v1/sessions", body)
    }

    /// The caller after the gate has moved to another address.
    pub fn moved_to(&self, gate: &Gate) -> Self {
        Self { anyone: gate.stranger(), ..self.clone() }
    }
}

/// A page in a session.
#[derive(Clone)]
pub struct Page {
    pub id: String,
    pub token: String,
    pub caller: Caller,
}

impl Page {
    #[track_caller]
    pub fn of(tenant: &Tenant, session: &Value) -> Self {
        let text = |name: &str| session[name].as_str().unwrap_or_else(|| panic!("no {name} in {session}")).to_owned();
        let (id, token) = (text("id"), text("token"));
        assert!(id.starts_with("ses_"), "{session}");
        let caller = tenant.visitor().with_bearer(&token);
        Self { id, token, caller }
    }

    pub fn tick(&self, capability: &str) -> Answer {
        self.caller.post(&format!("/v1/sessions/{}/ticks", self.id), &json!({"capability": capability}))
    }

    pub fn end(&self) -> Answer {
        self.caller.delete(&format!("/v1/sessions/{}", self.id))
    }
}

/// A chat request with everything it needs.
pub fn chat(content: &str) -> Value {
    json!({"model": MODEL, "messages": [{"role": "user", "content": content}], "max_tokens": 64})
}

/// The same, streamed.
pub fn streamed_chat(content: &str) -> Value {
    let mut body = chat(content);
    merge(&mut body, json!({"stream": true}));
    body
}

/// A speech request of `text`.
pub fn speech(text: &str) -> Value {
    json!({"text": text, "voice": "21m00Tcm4TlvDq8ikWAM", "format": "mp3"})
}

/// A pre-flight check for so many seconds of video.
pub fn seconds(units: u64) -> Value {
    json!({"capability": "video", "provider": "tavus", "estimate": {"units": units, "unit_type": "seconds"}, "session_id": null})
}

/// The path that settles or releases a permit.
pub fn permit_path(limit_check_id: &str) -> String {
    format!("/v1/preflight/{limit_check_id}")
}

fn record() -> Value {
    json!({
        "id": unique("tenant-"),
        "company": unique("company-"),
        "display_name": "Scenario",
        "allowed_origins": [ORIGIN],
        "channels": ["portal", "widget", "landing"],
        "capabilities": ["chat", "speech", "video", "context", "jobs"],
        "end_user_auth": null,
        "minimum_age": null,
        "consent_required": true,
        "limits": {
            "monthly_cost_usd": "25.00",
            "burst": 200,
            "queue_wait_ms": 0,
            "requests_per_minute": 1_000_000,
            "request_burst": 1_000_000,
        },
        "fallback_message": FALLBACK,
        "vendors": {
            "chat": {"provider": "openai", "model": MODEL},
            "speech": {"provider": "elevenlabs"},
            "video": {"provider": "tavus"},
        },
    })
}

fn options(vendor: &str) -> Value {
    match vendor {
        "tavus" => json!({"persona": "p1", "replica": "r1"}),
        _ => json!({}),
    }
}

/// Objects field by field, everything else as a whole.
pub fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(fields.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

fn find(value: &Value, name: &str) -> Option<String> {
    let fields = value.as_object()?;
    let here = fields.get(name).and_then(Value::as_str).map(str::to_owned);
    here.or_else(|| fields.values().find_map(|inner| find(inner, name)))
}
