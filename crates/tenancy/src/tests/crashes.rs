//! A crash at every operation of every write: what is left is consistent, and the same request again completes it.

use calendar::Millis;
use kv_schemas::{families, memory::Memory};
use serde_json::json;

use crate::*;

const NOW: Millis = Millis(1_000_000);
const LATER: Millis = Millis(1_000_000 + MAKING_LEASE);

pub fn spec(id: &str) -> Tenant {
    let body = json!({"id": id, "company": "acme", "allowed_origins": ["https://one.example", "https://two.example"]});
    parse_tenant(&body).unwrap()
}

pub fn keys(n: usize) -> NewKeys {
    NewKeys { publishable: format!("tg_pk_{n}"), secret: format!("tg_sk_{n}") }
}

/// Runs `act` with a crash after 0, 1, 2 ... operations until it gets through; `check` sees the store after each crash.
fn at_every_crash(
    prepare: impl Fn(&Memory),
    act: impl Fn(&Memory) -> Result<(), WriteError>,
    check: impl Fn(&Memory, u32),
) {
    for crash in 0..500 {
        let store = Memory::default();
        prepare(&store);
        store.fail_after(crash);
        let done = act(&store);
        store.recover();
        if done.is_ok() {
            assert!(crash > 3, "the write does something");
            return;
        }
        assert!(matches!(done, Err(WriteError::Store(_))), "crash after {crash}: {done:?}");
        check(&store, crash);
    }
    panic!("never got through");
}

fn assert_whole(store: &Memory, works: &NewKeys, crash: u32) {
    assert_eq!(find_tenant(store, "a").unwrap(), Some(spec("a")), "crash after {crash}");
    for key in [&works.publishable, &works.secret] {
        assert_eq!(find_key(store, &key_hash(key)).unwrap().unwrap().tenant, "a", "crash after {crash}");
    }
    for origin in spec("a").allowed_origins {
        let tenants: Option<Vec<String>> = families::ORIGIN.value(&[&origin]).get(store).unwrap();
        assert_eq!(tenants, Some(vec!["a".to_owned()]), "crash after {crash}");
    }
    let listed: Vec<_> = list(store, 0, 10, None).unwrap().tenants.into_iter().map(|t| t.id).collect();
    assert_eq!(listed, ["a"], "crash after {crash}");
}

#[test]
fn making_is_completed_by_the_same_request() {
    let make = |store: &Memory| create(store, NOW, &spec("a"), &keys(1), &Unlogged);
    at_every_crash(
        |_| (),
        make,
        |store, crash| {
            create(store, LATER, &spec("a"), &keys(1), &Unlogged).unwrap();
            assert_whole(store, &keys(1), crash);
        },
    );
}

#[test]
fn a_half_made_tenant_does_not_wedge_its_id_and_its_keys_never_work() {
    let make = |store: &Memory| create(store, NOW, &spec("a"), &keys(1), &Unlogged);
    at_every_crash(
        |_| (),
        make,
        |store, crash| {
            let existed = find_tenant(store, "a").unwrap().is_some();
            let again = create(store, LATER, &spec("a"), &keys(2), &Unlogged);
            if existed {
                assert_eq!(again, Err(WriteError::Exists), "crash after {crash}");
                assert_whole(store, &keys(1), crash);
            } else {
                assert_eq!(again, Ok(()), "crash after {crash}");
                assert_whole(store, &keys(2), crash);
                assert_eq!(hash_key("tg_sk_1").get(store).unwrap(), None, "crash after {crash}");
                assert_eq!(hash_key("tg_pk_1").get(store).unwrap(), None, "crash after {crash}");
            }
        },
    );
}

#[test]
fn deleting_is_completed_by_the_same_request() {
    let prepare = |store: &Memory| {
        create(store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
        let sealed = BindingSealed {
            mode: Mode::Live,
            base_url: None,
            sealed_secret: Some("sealed".into()),
            sealed_webhook_secret: None,
            options: serde_json::Map::new(),
        };
        bind(store, NOW, "a", "openai", sealed, &Unlogged).unwrap();
        families::BREAKER.value(&["a", "openai"]).set(store, &json!({})).unwrap();
    };
    at_every_crash(
        prepare,
        |store| delete(store, NOW, "a", &Unlogged),
        |store, crash| {
            // Either it lives in full, or nothing of it is accepted.
            if find_tenant(store, "a").unwrap().is_some() {
                assert_whole(store, &keys(1), crash);
            }
            delete(store, LATER, "a", &Unlogged).unwrap();
            let left: Vec<_> = store.keys().into_iter().filter(|key| !key.ends_with("/tail")).collect();
            assert_eq!(left, ["limits-past/tenant/a", "tenant-gone/a"], "crash after {crash}");
            assert_eq!(create(store, LATER, &spec("a"), &keys(2), &Unlogged), Err(WriteError::Deleted));
        },
    );
}

#[test]
fn changing_origins_is_all_or_nothing_and_heals() {
    let changes = json!({"allowed_origins": ["https://two.example", "https://three.example"]});
    let prepare = |store: &Memory| create(store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    at_every_crash(
        prepare,
        |store| patch(store, NOW, "a", &changes, &Unlogged).map(|_| ()),
        |store, crash| {
            let now_allowed = find_tenant(store, "a").unwrap().unwrap().allowed_origins;
            let old = spec("a").allowed_origins;
            assert!(now_allowed == old || now_allowed == ["https://two.example", "https://three.example"]);
            for origin in &now_allowed {
                assert!(families::ORIGIN.value::<Vec<String>>(&[origin]).exists(store).unwrap(), "crash after {crash}");
            }
            patch(store, NOW, "a", &changes, &Unlogged).unwrap();
            let known = |origin: &str| families::ORIGIN.value::<Vec<String>>(&[origin]).exists(store).unwrap();
            assert_eq!(
                ["https://one.example", "https://two.example", "https://three.example"].map(known),
                [false, true, true],
                "crash after {crash}"
            );
        },
    );
}

#[test]
fn prices_are_completed_by_the_same_request() {
    let rows = ["tavus", "openai"]
        .map(|vendor| json!({"vendor": vendor, "model": "*", "unit_type": "seconds", "usd_per_unit": "1"}));
    let rows = parse_prices(&json!({"prices": rows})).unwrap();
    at_every_crash(
        |_| (),
        |store| put_prices(store, rows.clone(), &Unlogged),
        |store, crash| {
            put_prices(store, rows.clone(), &Unlogged).unwrap();
            assert_eq!(all_prices(store).unwrap().len(), 2, "crash after {crash}");
        },
    );
}
