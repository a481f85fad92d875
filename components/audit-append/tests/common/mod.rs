//! A small log, and how it is asked.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its part, and may panic")]

use std::sync::{Arc, Mutex};

use audit::{Entry, Staged, VERSION, append, sequence};
use audit_append::{routes::route, settings::Settings, signer::signer};
use calendar::Millis;
use futures::executor::block_on;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::BodyExt;
use kv_schemas::{Store, StoreError, memory::Memory};
use money::Nanos;
use serde_json::Value as Json;
use shell::{Call, Reply};
use tenancy::{KeyKind, KeyRecord, hash_key};

pub const NOW: Millis = Millis(1_795_165_200_000);
pub const ADMIN: &str = "Bearer admin-secret";
pub const OWN: &str = "Bearer tg_sk_a";

pub fn house() -> Memory {
    let store = Memory::default();
    for (key, tenant, kind, revoked_at) in [
        ("tg_sk_a", "a", KeyKind::Secret, None),
        ("tg_sk_old", "a", KeyKind::Secret, Some(NOW.0)),
        ("tg_pk_a", "a", KeyKind::Publishable, None),
        ("tg_sk_odd", "a", KeyKind::Publishable, None),
    ] {
        let record = KeyRecord { id: "key_1".into(), tenant: tenant.into(), kind, revoked_at };
        hash_key(key).set(&store, &record).unwrap();
    }
    for n in 0..4_u64 {
        append(&store, &staged(n)).unwrap();
    }
    sequence(&store, NOW, 3, &signer(&settings()).unwrap()).unwrap();
    store
}

/// With the defaults of the manifest.
pub fn settings() -> Settings {
    Settings::read(|name| match name {
        "admin_key" => "admin-secret".into(),
        "master_key" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into(),
        "log_access" => "keys".into(),
        _ => String::new(),
    })
}

pub fn staged(n: u64) -> Staged {
    Staged::new(entry(n), [[7; 16], [8; 16]], None, "req_1".into())
}

pub fn entry(n: u64) -> Entry {
    Entry {
        v: VERSION,
        tenant_id: if n.is_multiple_of(2) { "a".into() } else { "b".into() },
        company: "acme".into(),
        event_type: "TWIN_INTERACTION".into(),
        provider: "tavus".into(),
        model: String::new(),
        units_consumed: 30,
        unit_type: "seconds".into(),
        cost_nanos: Nanos(45_000_000),
        limit_check_id: format!("lc_{n}"),
        channel: "widget".into(),
        capability: "video".into(),
        settlement: "exact".into(),
        at_ms: NOW.plus(n * 1_000),
        ..Entry::default()
    }
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn ids(&self) -> String {
        let json = self.json();
        let ids = json["entries"].as_array().unwrap().iter().map(|entry| entry["limit_check_id"].as_str().unwrap());
        ids.collect::<Vec<_>>().join(" ")
    }
}

/// A store in which what a request writes is there afterwards. (A copy of [`Memory`] is another one.)
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Memory>>);

impl From<Memory> for Shared {
    fn from(memory: Memory) -> Self {
        Self(Arc::new(Mutex::new(memory)))
    }
}

impl Shared {
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys()
    }
}

impl Store for Shared {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.lock().unwrap().get(key)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.lock().unwrap().set(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.lock().unwrap().delete(key)
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.0.lock().unwrap().exists(key)
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.0.lock().unwrap().increment(key, delta)
    }
}

/// One request under any settings.
pub fn ask<S: Store + Clone + Send + 'static>(
    store: &S,
    settings: &Settings,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    send(store, settings, method, target, headers, "")
}

/// One request with a body.
pub fn send<S: Store + Clone + Send + 'static>(
    store: &S,
    settings: &Settings,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let call = Call {
        method,
        path: path.into(),
        query: query.into(),
        headers: map,
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
        request_id: "req_1".into(),
        note: shell::log::Note::default(),
    };
    let reply = route(&call, store.clone(), settings, NOW).unwrap_or_else(|p| Reply::problem(&p, "req_1"));
    let (parts, body) = reply.0.into_parts();
    let body = block_on(body.collect()).unwrap().to_bytes().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

pub fn ask_as<S: Store + Clone + Send + 'static>(
    store: &S,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    ask(store, &settings(), method, target, headers)
}

pub fn get<S: Store + Clone + Send + 'static>(store: &S, authorization: &str, target: &str) -> Answer {
    ask_as(store, Method::GET, target, &[("authorization", authorization)])
}

pub fn post<S: Store + Clone + Send + 'static>(store: &S, authorization: &str, target: &str, body: &str) -> Answer {
    send(store, &settings(), Method::POST, target, &[("authorization", authorization)], body)
}
