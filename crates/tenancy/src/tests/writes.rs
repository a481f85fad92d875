//! What the writes do when nothing goes wrong.

use calendar::Millis;
use kv_schemas::{Store, families, memory::Memory};
use serde_json::{Value as Json, json};

use super::crashes::{keys, spec};
use crate::*;

const NOW: Millis = Millis(1_000_000);

fn origins(store: &dyn Store, origin: &str) -> Option<Vec<String>> {
    families::ORIGIN.value(&[origin]).get(store).unwrap()
}

#[test]
fn a_tenant_is_made_once_and_its_keys_are_hashes() {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    assert_eq!(create(&store, NOW, &spec("a"), &keys(1), &Unlogged), Ok(()), "the same call again");
    assert_eq!(create(&store, NOW, &spec("a"), &keys(2), &Unlogged), Err(WriteError::Exists));
    assert_eq!(hash_key("tg_sk_2").get(&store).unwrap(), None);
    let key = find_key(&store, &key_hash("tg_sk_1")).unwrap().unwrap();
    assert_eq!((key.tenant.as_str(), key.kind, key.id.as_str()), ("a", KeyKind::Secret, key_id("tg_sk_1").as_str()));
    for name in store.keys() {
        let value = if name.ends_with("/tail") { None } else { store.get(&name).unwrap() };
        let text = String::from_utf8(value.unwrap_or_default()).unwrap();
        assert!(!name.contains("tg_sk_1") && !text.contains("tg_sk_1"), "{name}");
    }
}

#[test]
fn keys_are_issued_listed_and_revoked_by_their_own_tenant_only() {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    create(&store, NOW, &spec("b"), &keys(2), &Unlogged).unwrap();
    issue_key(&store, "a", KeyKind::Secret, "tg_sk_9", &Unlogged).unwrap();
    assert_eq!(list_keys(&store, "a").unwrap().len(), 3);
    let id = key_id("tg_sk_9");
    assert_eq!(revoke_key(&store, NOW, "b", &id, &Unlogged), Err(WriteError::NotFound("key")));
    assert_eq!(revoke_key(&store, NOW, "a", "key_nonsense", &Unlogged), Err(WriteError::NotFound("key")));
    assert_eq!(revoke_key(&store, NOW, "a", "", &Unlogged), Err(WriteError::NotFound("key")));
    assert!(find_key(&store, &key_hash("tg_sk_9")).unwrap().is_some());
    revoke_key(&store, NOW, "a", &id, &Unlogged).unwrap();
    revoke_key(&store, Millis(9_000_000), "a", &id, &Unlogged).unwrap();
    assert_eq!(find_key(&store, &key_hash("tg_sk_9")).unwrap(), None);
    assert_eq!(hash_key("tg_sk_9").get(&store).unwrap().unwrap().revoked_at, Some(NOW.0));
    assert_eq!(issue_key(&store, "none", KeyKind::Secret, "x", &Unlogged), Err(WriteError::NotFound("tenant")));
}

#[test]
fn origins_follow_the_tenants_that_allow_them() {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    create(&store, NOW, &spec("b"), &keys(2), &Unlogged).unwrap();
    assert_eq!(origins(&store, "https://one.example"), Some(vec!["a".into(), "b".into()]));
    patch(&store, NOW, "a", &json!({"allowed_origins": ["https://two.example", "https://three.example"]}), &Unlogged)
        .unwrap();
    assert_eq!(origins(&store, "https://one.example"), Some(vec!["b".into()]));
    assert_eq!(origins(&store, "https://three.example"), Some(vec!["a".into()]));
    delete(&store, NOW, "b", &Unlogged).unwrap();
    assert_eq!(origins(&store, "https://one.example"), None);
    assert_eq!(patch(&store, NOW, "b", &json!({}), &Unlogged), Err(WriteError::NotFound("tenant")));
}

#[test]
fn a_deleted_tenant_leaves_a_tombstone_and_nothing_that_works() {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    let sealed = || BindingSealed {
        mode: Mode::Live,
        base_url: None,
        sealed_secret: Some("sealed".into()),
        sealed_webhook_secret: None,
        options: serde_json::Map::new(),
    };
    bind(&store, NOW, "a", "openai", sealed(), &Unlogged).unwrap();
    delete(&store, NOW, "a", &Unlogged).unwrap();
    delete(&store, NOW, "a", &Unlogged).unwrap();
    assert_eq!(find_tenant(&store, "a").unwrap(), None);
    assert_eq!(find_binding(&store, "a", "openai").unwrap(), None);
    assert_eq!(create(&store, NOW, &spec("a"), &keys(3), &Unlogged), Err(WriteError::Deleted));
    assert_eq!(bind(&store, NOW, "a", "openai", sealed(), &Unlogged), Err(WriteError::NotFound("tenant")));
    assert_eq!(unbind(&store, NOW, "a", "openai", &Unlogged), Err(WriteError::NotFound("tenant")));
    assert_eq!(delete(&store, NOW, "none", &Unlogged), Err(WriteError::NotFound("tenant")));
    let left: Vec<_> = store.keys().into_iter().filter(|key| !key.ends_with("/tail")).collect();
    assert_eq!(left, ["limits-past/tenant/a", "tenant-gone/a"]);
}

#[test]
fn rtr_3_a_deleted_tenants_breakers_go_with_it() {
    let store = Memory::default();
    let breaker = |tenant: &str, vendor: &str| families::BREAKER.value::<Json>(&[tenant, vendor]);
    for (n, tenant) in ["a", "b"].into_iter().enumerate() {
        create(&store, NOW, &spec(tenant), &keys(n), &Unlogged).unwrap();
        for vendor in ["openai", "gemini"] {
            let asked = BindingSealed {
                mode: Mode::Mock,
                base_url: None,
                sealed_secret: None,
                sealed_webhook_secret: None,
                options: serde_json::Map::new(),
            };
            bind(&store, NOW, tenant, vendor, asked, &Unlogged).unwrap();
            breaker(tenant, vendor).set(&store, &json!({"state": "closed", "failures": 1})).unwrap();
        }
    }
    // Of one that was bound once, too.
    unbind(&store, NOW, "a", "gemini", &Unlogged).unwrap();
    delete(&store, NOW, "a", &Unlogged).unwrap();
    let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("breaker/")).collect();
    assert_eq!(left, ["breaker/b/gemini", "breaker/b/openai"]);
}

#[test]
fn a_binding_without_a_secret_keeps_the_old_one() {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    let sealed = |secret: Option<&str>| BindingSealed {
        mode: Mode::Live,
        base_url: None,
        sealed_secret: secret.map(str::to_owned),
        sealed_webhook_secret: None,
        options: serde_json::Map::new(),
    };
    let check = |asked: Option<&str>, kept: Option<&str>| {
        bind(&store, NOW, "a", "openai", sealed(asked), &Unlogged).unwrap();
        let binding = find_binding(&store, "a", "openai").unwrap().unwrap();
        assert_eq!(binding.sealed_secret.as_deref(), kept);
    };
    check(None, None);
    check(Some("one"), Some("one"));
    check(None, Some("one"));
    check(Some("two"), Some("two"));
    unbind(&store, NOW, "a", "openai", &Unlogged).unwrap();
    unbind(&store, NOW, "a", "openai", &Unlogged).unwrap();
    check(None, None);
}

#[test]
fn prices_are_added_or_replaced() {
    let store = Memory::default();
    let put = |vendor: &str, model: &str, usd: &str, day: &str| {
        let row =
            json!({"vendor": vendor, "model": model, "unit_type": "seconds", "usd_per_unit": usd, "valid_from": day});
        put_prices(&store, parse_prices(&json!({"prices": [row]})).unwrap(), &Unlogged).unwrap();
    };
    put("tavus", "*", "1", "2026-01-01");
    put("openai", "*", "2", "2026-01-01");
    put("tavus", "*", "3", "2026-01-01");
    put("tavus", "*", "4", "2026-02-01");
    let rows: Vec<_> = all_prices(&store).unwrap().into_iter().map(|r| (r.vendor, r.usd_per_unit)).collect();
    let expected = [("openai", "2"), ("tavus", "3"), ("tavus", "4")].map(|(v, u)| (v.to_owned(), u.to_owned()));
    assert_eq!(rows, expected);
}

#[test]
fn a_price_is_replaced_by_one_of_the_same_band_and_hours() {
    let store = Memory::default();
    let put = |usd: &str, from: Json, hours: Json| {
        let row = json!({"vendor": "deepseek", "model": "*", "unit_type": "input_tokens", "usd_per_unit": usd,
            "valid_from": "2026-01-01", "from_input_tokens": from, "hours_utc": hours});
        put_prices(&store, parse_prices(&json!({"prices": [row]})).unwrap(), &Unlogged).unwrap();
    };
    put("1", json!(null), json!(null));
    put("2", json!(200_000), json!(null));
    put("3", json!(null), json!("01:00-04:00"));
    put("4", json!(200_000), json!("01:00-04:00"));
    put("5", json!(0), json!("06:00-10:00"));
    put("6", json!(0), json!(null));
    put("7", json!(200_000), json!("01:00-04:00"));
    let shown: Vec<Json> = all_prices(&store).unwrap().iter().map(|row| json!(row)).collect();
    let row = |usd: &str, rest: Json| {
        let mut row = json!({"vendor": "deepseek", "model": "*", "unit_type": "input_tokens", "usd_per_unit": usd,
            "valid_from": "2026-01-01"});
        for (name, value) in rest.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    };
    let expected = [
        row("6", json!({})),
        row("3", json!({"hours_utc": "01:00-04:00"})),
        row("5", json!({"hours_utc": "06:00-10:00"})),
        row("2", json!({"from_input_tokens": 200_000})),
        row("7", json!({"from_input_tokens": 200_000, "hours_utc": "01:00-04:00"})),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_unit_of_a_model_has_16_bands_at_most() {
    let store = Memory::default();
    let rows = |model: &str, bands: std::ops::Range<u64>| {
        let row = |from: u64| json!({"vendor": "v", "model": model, "unit_type": "seconds", "usd_per_unit": "1", "from_input_tokens": from});
        parse_prices(&json!({"prices": bands.map(row).collect::<Vec<_>>()})).unwrap()
    };
    let check = |model: &str, bands: std::ops::Range<u64>, fits: bool| {
        let put = put_prices(&store, rows(model, bands), &Unlogged);
        assert_eq!(put.is_ok(), fits, "{put:?}");
        assert!(fits || matches!(put, Err(WriteError::Invalid(invalid)) if invalid.param == "prices"));
    };
    check("m", 0..16, true);
    check("m", 0..16, true);
    check("n", 0..17, false);
    check("n", 0..16, true);
    check("m", 99..100, false);
    assert_eq!(all_prices(&store).unwrap().len(), 32);
}
