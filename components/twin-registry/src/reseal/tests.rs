//! A house with one of each kind of secret, and nodes with this key or that.

mod others;
mod passes;
mod stored;
mod trust;

use std::cell::Cell;

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::{HOUR, MINUTE, Millis, SECOND};
use kv_schemas::memory::Memory;
use serde_json::json;
use tenancy::{
    BindingSealed, EndpointSealed, Mode, NewKeys, Unlogged, WriteError, bind, find_binding, find_endpoint, parse_tenant,
};
use twins::{Consent, Mtid, Place, consents, notes};

use super::*;

const NOW: Millis = Millis(1_795_000_000_000);
const A: u8 = 1;
const B: u8 = 2;
/// Secrets in the house, and those that a stranger's key has sealed.
const SECRETS: u64 = 7;

fn vault(own: u8, other: Option<u8>) -> Vault {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let other = other.map(key).unwrap_or_default();
    Vault::new(&key(own)).unwrap().accepting(&other).unwrap()
}

fn bound(store: &dyn Store, vault: &Vault, now: Millis, secret: &str) -> Result<(), WriteError> {
    let sealed = |what: &str| Some(vault.seal(&format!("vendor/t/openai/{what}"), [9; 24], secret).unwrap());
    let asked = BindingSealed {
        mode: Mode::Live,
        base_url: None,
        sealed_secret: sealed("secret"),
        sealed_webhook_secret: sealed("webhook"),
        options: serde_json::Map::new(),
    };
    bind(store, now, "t", "openai", asked, &Unlogged)
}

fn endpoint(store: &dyn Store, vault: &Vault, now: Millis, secret: &str) {
    let asked = EndpointSealed {
        url: "https://a.example".into(),
        types: vec![],
        sealed_secret: Some(vault.seal("endpoint/t/secret", [9; 24], secret).unwrap()),
        id: "ep_1".into(),
        from: 0,
    };
    tenancy::set_endpoint(store, now, "t", asked, &Unlogged).unwrap();
}

fn at(store: &dyn Store, now: Millis) -> Place<'_> {
    Place { store, now, journal: &Unlogged }
}

/// One of each kind of secret, sealed by `vault`.
fn house(vault: &Vault) -> Memory {
    let store = Memory::default();
    let keys = NewKeys { publishable: "tg_pk_t".into(), secret: "tg_sk_t".into() };
    let tenant = parse_tenant(&json!({"id": "t", "company": "acme"})).unwrap();
    tenancy::create(&store, NOW, &tenant, &keys, &Unlogged).unwrap();
    bound(&store, vault, NOW, "sk-1").unwrap();
    endpoint(&store, vault, NOW, "whsec-old");
    endpoint(&store, vault, NOW, "whsec-new");
    let consent = Consent {
        id: "con_1".into(),
        sealed_subject: vault.seal("twin-consent/t/con_1/subject", [9; 24], "Ada").unwrap(),
        purpose: "p".into(),
        given_at: NOW,
        evidence_sha256: "e".into(),
        recorded_at: NOW,
        revoked_at: None,
    };
    let twin = twins::parse_twin(&json!({"name": "Travis", "behavior_mode": "host"})).unwrap();
    twins::create(at(&store, NOW), "t", Mtid::from_random([7; 8]), twin, consent).unwrap();
    compliance::PersonKey::get(&store, vault, [9; 24]).unwrap();
    let note = notes::parse_note(&json!({"kind": "cultural", "text": "hats"})).unwrap();
    notes::leave(&store, vault, [9; 24], "acme", ("note_1", "t", NOW), &note).unwrap();
    store
}

/// All that is sealed opens with this key alone.
fn opens(store: &Memory, vault: &Vault, secret: &str) {
    let open = |context: &str, sealed: &str| vault.open(context, sealed).unwrap().expose().to_owned();
    let binding = find_binding(store, "t", "openai").unwrap().unwrap();
    assert_eq!(open("vendor/t/openai/secret", &binding.sealed_secret.unwrap()), secret);
    assert_eq!(open("vendor/t/openai/webhook", &binding.sealed_webhook_secret.unwrap()), secret);
    let endpoint = find_endpoint(store, "t").unwrap().unwrap();
    assert_eq!(open("endpoint/t/secret", &endpoint.sealed_secret), "whsec-new");
    assert_eq!(open("endpoint/t/secret", &endpoint.old[0].sealed), "whsec-old");
    let consent = &consents("t").get(store).unwrap().unwrap()[0];
    assert_eq!(open("twin-consent/t/con_1/subject", &consent.sealed_subject), "Ada");
    assert_eq!(notes::newest(store, vault, "acme", 5).unwrap()[0].text, "hats");
    assert!(compliance::PersonKey::get(store, vault, [1; 24]).is_ok());
}

fn go(store: &dyn Store, vault: &Vault, now: Millis) -> Told {
    let drawn = Cell::new(10_u8);
    let nonce = || {
        drawn.set(drawn.get() + 1);
        [drawn.get(); NONCE_BYTES]
    };
    step(store, vault, &nonce, now).unwrap()
}

/// A call each second from just after `from` on, until a pass was clean; gives when.
fn clean(store: &dyn Store, vault: &Vault, from: Millis) -> Millis {
    let mut calls = (1..60).map(|second| from.plus(second * SECOND));
    let ended = |now: &Millis| {
        let told = go(store, vault, *now);
        told.clean_pass_began_at.is_some() && told.left == 0
    };
    calls.find(ended).expect("a pass that is clean")
}

/// A call each second, the last of them at `until`, and what that tells.
fn calls(store: &dyn Store, vault: &Vault, from: Millis, until: Millis) -> Told {
    let mut told = None;
    for second in 1..=until.since(from) / SECOND {
        told = Some(go(store, vault, from.plus(second * SECOND)));
    }
    told.expect("a call")
}
