//! A house to test in: tenants `a` and `b`, and ways in.

use base64::Engine;
use calendar::Millis;
use kv_schemas::memory::Memory;
use serde_json::{Value as Json, json};
use tenancy::{NewKeys, create, parse_tenant};

use crate::*;

pub const NOW: Millis = Millis(1_800_000_000_000);
pub const HERE: &str = "https://a.example";

pub fn keys(tenant: &str) -> NewKeys {
    NewKeys { publishable: format!("tg_pk_{tenant}"), secret: format!("tg_sk_{tenant}") }
}

/// Makes the tenant with some fields of its own.
pub fn tenant(store: &Memory, id: &str, fields: Json) {
    let mut body = json!({"id": id, "company": "acme", "allowed_origins": [format!("https://{id}.example")]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    create(store, NOW, &parse_tenant(&body).unwrap(), &keys(id), &tenancy::Unlogged).unwrap();
}

pub fn house() -> Memory {
    let store = Memory::default();
    tenant(&store, "a", json!({}));
    tenant(&store, "b", json!({}));
    store
}

pub fn seed(n: u64) -> Seed {
    Seed { id: format!("ses_{n}"), secret: format!("{n:064x}") }
}

/// The key of the index of persons.
pub fn people(store: &Memory) -> compliance::PersonKey {
    let vault = vault::Vault::new(&base64::engine::general_purpose::STANDARD.encode([1; 32])).unwrap();
    compliance::PersonKey::get(store, &vault, [7; 24]).unwrap()
}

/// Opens a session with a key and a body, as the route does.
pub fn try_open(
    store: &Memory,
    n: u64,
    key: &str,
    origin: Option<&str>,
    body: Json,
    at: Millis,
) -> Result<Opened, Refusal> {
    let caller = admit(store, Some(&format!("Bearer {key}")), origin)?;
    let ask = parse_ask(&body)?;
    let key_set = caller.tenant.end_user_auth.as_ref().and_then(|auth| auth.jwks.as_ref()).map(KeySet::read);
    let user_keys = key_set.map(|set| UserKeys { set, people: people(store) });
    open(store, at, &caller, &ask, user_keys.as_ref(), &seed(n))
}

/// A page's session of tenant `a`, number `n`; gives its `Authorization`.
pub fn page(store: &Memory, n: u64, at: Millis) -> String {
    let opened = try_open(store, n, "tg_pk_a", Some(HERE), json!({"channel": "widget", "consent": true}), at).unwrap();
    format!("Bearer {}", opened.token)
}

pub fn code<T>(result: Result<T, Refusal>) -> Option<&'static str> {
    result.err().map(|refusal| refusal.code())
}
