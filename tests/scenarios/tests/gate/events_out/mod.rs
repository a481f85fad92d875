//! AUD-1, RUN-1: what happens at a tenant is told: to its server, signed, and to its pages, each of its own session.

mod deliveries;
mod endpoints;
mod streams;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::{Hmac, Mac};
use scenarios::scripted::{Asked, answer};
use scenarios::{Gate, ScriptedVendor, Tenant, Value, eventually, json, random};
use sha2::Sha256;

/// Long enough for the first retry, on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// A tenant's server, which takes events.
struct Listener {
    server: ScriptedVendor,
    status: Arc<AtomicU64>,
}

impl Listener {
    /// Answers with the status that [`Listener::answers`] has set last.
    fn start() -> Self {
        let status = Arc::new(AtomicU64::new(204));
        let says = Arc::clone(&status);
        let server = ScriptedVendor::start(move |_, connection| {
            let status = u16::try_from(says.load(Ordering::Relaxed)).expect("a status");
            connection.write_all(&answer(status, &[], b""))
        });
        Self { server, status }
    }

    fn answers(&self, status: u64) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn url(&self) -> String {
        format!("{}/hook/{}", self.server.url(), "path-secret")
    }

    fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }

    /// All deliveries of one kind of event, in the order of their coming.
    fn events(&self, kind: &str) -> Vec<Value> {
        let bodies = self.asked().into_iter().map(|asked| serde_json::from_slice::<Value>(&asked.body).expect("JSON"));
        bodies.filter(|event| event["type"] == kind).collect()
    }

    #[track_caller]
    fn wait(&self, kind: &str, count: usize) -> Vec<Value> {
        eventually(kind, LIMIT, || Some(self.events(kind)).filter(|events| events.len() >= count))
    }
}

fn endpoint(tenant: &Tenant) -> String {
    format!("/v1/tenants/{}/events", tenant.id)
}

fn new_secret() -> String {
    format!("whsec_{}", BASE64.encode(random::bytes::<32>()))
}

/// Sets a tenant's endpoint, and gives the secret.
#[track_caller]
fn listen(gate: &Gate, tenant: &Tenant, listener: &Listener) -> String {
    let set = gate.admin().put(&endpoint(tenant), &json!({"url": listener.url(), "types": ["*"]})).expect(200);
    set["secret"].as_str().expect("a secret is made").to_owned()
}

/// Checks a delivery as the tenant's server does, by hand: what is signed, when, and that the id is the event's.
#[track_caller]
fn check_signed(asked: &Asked, secrets: &[&str]) {
    let header = |name: &str| asked.header(name).unwrap_or_else(|| panic!("no {name}: {}", asked.head)).to_owned();
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    let event: Value = serde_json::from_slice(&asked.body).expect("JSON");
    assert_eq!(event["id"], id.as_str());
    assert!(id.len() == 36 && id.starts_with("msg_"), "{id}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(at.parse::<u64>().is_ok_and(|at| at.abs_diff(now) < 120), "{at}");
    let signed = |secret: &&str| {
        let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key");
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(&asked.body);
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    let signatures: Vec<String> = secrets.iter().map(signed).collect();
    assert_eq!(header("webhook-signature"), signatures.join(" "));
    assert_eq!(header("content-type"), "application/json");
}

/// How often each id came. A gate that is killed may have opened a connection and asked nothing.
fn counts(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for id in asked.iter().filter_map(|asked| asked.header("webhook-id")) {
        *counts.entry(id.to_owned()).or_default() += 1;
    }
    counts
}

/// A server that takes connections and says nothing for a while.
fn silent_server() -> (ScriptedVendor, Arc<Mutex<usize>>) {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let server = ScriptedVendor::start(move |_, _| {
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        std::thread::sleep(Duration::from_secs(15));
        Ok(())
    });
    (server, asked)
}
