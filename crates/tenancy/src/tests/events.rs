//! What is noted of each change, and that no change is without its note, wherever a crash comes.

use std::cell::RefCell;

use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};
use serde_json::{Map, Value as Json, json};

use super::crashes::{keys, spec};
use crate::*;

const NOW: Millis = Millis(1_000_000);
const LATER: Millis = Millis(1_000_000 + MAKING_LEASE);

/// A journal that goes away with its store; what it was told before, it may have noted all the same.
struct Notes<'a> {
    store: &'a Memory,
    noted_when_lost: bool,
    events: RefCell<Vec<Event>>,
}

impl<'a> Notes<'a> {
    fn of(store: &'a Memory) -> Self {
        Self { store, noted_when_lost: false, events: RefCell::default() }
    }

    fn types(&self) -> Vec<&'static str> {
        self.events.borrow().iter().map(|event| event.event_type).collect()
    }
}

impl Journal for Notes<'_> {
    fn note(&self, event: &Event) -> Result<(), StoreError> {
        let reached = self.store.exists("the log");
        if reached.is_ok() || self.noted_when_lost {
            self.events.borrow_mut().push(event.clone());
        }
        reached.map(drop)
    }
}

type Change = fn(&Memory, Millis, &dyn Journal) -> Result<(), WriteError>;

fn sealed(secret: Option<&str>, mode: Mode) -> BindingSealed {
    let base_url = (mode == Mode::Mock).then(|| "http://127.0.0.1:9".to_owned());
    let sealed_secret = secret.map(str::to_owned);
    BindingSealed { mode, base_url, sealed_secret, sealed_webhook_secret: None, options: Map::new() }
}

fn price(vendor: &str, usd: &str) -> Vec<money::PriceRow> {
    let row = json!({"vendor": vendor, "model": "*", "unit_type": "seconds", "usd_per_unit": usd});
    parse_prices(&json!({"prices": [row]})).unwrap()
}

fn company(limits: Json) -> Company {
    parse_company("acme", &json!({ "limits": limits })).unwrap()
}

/// Tenant `a` with everything that can be changed.
fn house() -> Memory {
    let store = Memory::default();
    create(&store, NOW, &spec("a"), &keys(1), &Unlogged).unwrap();
    issue_key(&store, "a", KeyKind::Secret, "tg_sk_more", &Unlogged).unwrap();
    bind(&store, NOW, "a", "openai", sealed(Some("sealed"), Mode::Live), &Unlogged).unwrap();
    put_company(&store, NOW, &company(json!({"monthly_cost_usd": "9.00"})), &Unlogged).unwrap();
    put_prices(&store, price("tavus", "1"), &Unlogged).unwrap();
    store
}

fn limits_to(limits: Json) -> Json {
    json!({ "limits": limits })
}

/// Every kind of change, and what is noted of it.
fn changes() -> Vec<(Change, &'static [&'static str])> {
    vec![
        (|s, now, j| create(s, now, &spec("b"), &keys(2), j), &["TENANT_CREATED"]),
        (|s, now, j| patch(s, now, "a", &json!({"display_name": "A"}), j).map(drop), &["TENANT_CHANGED"]),
        (|s, now, j| patch(s, now, "a", &limits_to(json!({"burst": 3})), j).map(drop), &["LIMITS_CHANGED"]),
        (
            |s, now, j| patch(s, now, "a", &json!({"channels": [], "limits": {"burst": 3}}), j).map(drop),
            &["TENANT_CHANGED", "LIMITS_CHANGED"],
        ),
        (|s, now, j| delete(s, now, "a", j), &["TENANT_DELETED"]),
        (|s, _, j| issue_key(s, "a", KeyKind::Publishable, "tg_pk_new", j), &["KEY_CREATED"]),
        (|s, now, j| revoke_key(s, now, "a", &key_id("tg_sk_more"), j), &["KEY_REVOKED"]),
        (|s, now, j| bind(s, now, "a", "tavus", sealed(Some("x"), Mode::Mock), j), &["VENDOR_BOUND"]),
        (|s, now, j| bind(s, now, "a", "openai", sealed(None, Mode::Mock), j), &["VENDOR_BOUND"]),
        (|s, now, j| unbind(s, now, "a", "openai", j), &["VENDOR_UNBOUND"]),
        (|s, now, j| Ok(put_company(s, now, &company(json!({"burst": 1})), j)?), &["COMPANY_LIMITS_CHANGED"]),
        (|s, _, j| put_prices(s, price("tavus", "2"), j), &["PRICES_CHANGED"]),
        (|s, _, j| put_prices(s, price("kie", "1"), j), &["PRICES_CHANGED"]),
    ]
}

#[test]
fn each_change_is_noted_once_and_its_repeat_never() {
    for (n, (change, types)) in changes().into_iter().enumerate() {
        let store = house();
        let notes = Notes::of(&store);
        change(&store, NOW, &notes).unwrap();
        assert_eq!(notes.types(), types, "change {n}");
        let again = Notes::of(&store);
        change(&store, NOW, &again).unwrap();
        let ids: Vec<_> = notes.events.borrow().iter().filter_map(|event| event.id.clone()).collect();
        // A key that is issued again says the same id, which the log drops.
        again.events.borrow_mut().retain(|event| event.id.as_ref().is_none_or(|id| !ids.contains(id)));
        assert_eq!(again.types(), [""; 0], "change {n} again");
    }
}

#[test]
fn no_change_is_without_its_note_wherever_a_crash_comes() {
    for noted_when_lost in [false, true] {
        for (n, (change, types)) in changes().into_iter().enumerate() {
            let mut crashes = 0..500;
            loop {
                let crash = crashes.next().expect("never got through");
                let store = house();
                let before = effective(&store);
                let notes = Notes { noted_when_lost, ..Notes::of(&store) };
                store.fail_after(crash);
                let done = change(&store, NOW, &notes);
                store.recover();
                let at = format!("change {n}, crash after {crash}, noted when lost: {noted_when_lost}");
                if effective(&store) != before {
                    assert_eq!(notes.types(), types, "{at}");
                }
                if done.is_ok() {
                    break;
                }
                // The same request again: it is done, and noted now or before.
                change(&store, LATER, &notes).unwrap();
                for event_type in types {
                    assert!(notes.types().contains(event_type), "{at}");
                }
                let mut ids: Vec<_> = notes.events.borrow().iter().filter_map(|event| event.id.clone()).collect();
                ids.dedup();
                assert!(ids.len() <= 1, "{at}: what happens once has one id");
            }
        }
    }
}

/// What decides what callers may do.
fn effective(store: &Memory) -> Vec<(String, kv_schemas::memory::Cell)> {
    let decides = |key: &str| {
        let tenants = find_tenant(store, "a").unwrap().map(|_| "tenant/a");
        let is_used = key != "tenant/b" || find_tenant(store, "b").unwrap().is_some();
        let of_keys = key.starts_with("key/") && tenants.is_some();
        is_used && (["tenant/", "company/", "vendor/", "price/"].iter().any(|head| key.starts_with(head)) || of_keys)
    };
    // Keys of a tenant that isn't there open nothing.
    let opens = |cell: &kv_schemas::memory::Cell| match cell {
        kv_schemas::memory::Cell::Value(bytes) => !String::from_utf8_lossy(bytes).contains("\"tenant\":\"b\""),
        kv_schemas::memory::Cell::Counter(_) => true,
    };
    store.dump().into_iter().filter(|(key, cell)| decides(key) && opens(cell)).collect()
}

#[test]
fn a_journal_that_fails_lets_nothing_happen() {
    struct Broken;
    impl Journal for Broken {
        fn note(&self, _: &Event) -> Result<(), StoreError> {
            Err(StoreError::Unavailable("the log".into()))
        }
    }
    for (n, (change, _)) in changes().into_iter().enumerate() {
        let store = house();
        let before = effective(&store);
        assert!(matches!(change(&store, NOW, &Broken), Err(WriteError::Store(_))), "change {n}");
        assert_eq!(effective(&store), before, "change {n}");
        change(&store, NOW, &Unlogged).unwrap();
    }
}

#[test]
fn what_is_refused_is_not_noted() {
    let check = |change: Change| {
        let store = house();
        let notes = Notes::of(&store);
        assert!(change(&store, NOW, &notes).is_err());
        assert_eq!(notes.types(), [""; 0]);
    };
    check(|s, now, j| create(s, now, &spec("a"), &keys(2), j));
    check(|s, now, j| patch(s, now, "a", &json!({"channels": ["phone"]}), j).map(drop));
    check(|s, now, j| patch(s, now, "nobody", &json!({}), j).map(drop));
    check(|s, now, j| delete(s, now, "nobody", j));
    check(|s, _, j| issue_key(s, "nobody", KeyKind::Secret, "tg_sk_x", j));
    check(|s, now, j| revoke_key(s, now, "a", "key_nonsense", j));
    check(|s, now, j| revoke_key(s, now, "nobody", &key_id("tg_sk_more"), j));
    check(|s, now, j| bind(s, now, "nobody", "openai", sealed(None, Mode::Live), j));
    check(|s, now, j| unbind(s, now, "nobody", "openai", j));
}

#[test]
fn what_changes_nothing_is_not_noted() {
    let check = |change: Change| {
        let store = house();
        let notes = Notes::of(&store);
        change(&store, NOW, &notes).unwrap();
        assert_eq!(notes.types(), [""; 0]);
    };
    check(|s, now, j| patch(s, now, "a", &json!({}), j).map(drop));
    check(|s, now, j| patch(s, now, "a", &json!({"consent_required": true, "limits": {"burst": null}}), j).map(drop));
    check(|s, now, j| bind(s, now, "a", "openai", sealed(None, Mode::Live), j));
    check(|s, now, j| unbind(s, now, "a", "tavus", j));
    check(|s, now, j| Ok(put_company(s, now, &company(json!({"monthly_cost_usd": "9.00"})), j)?));
    check(|s, _, j| put_prices(s, price("tavus", "1"), j));
    check(|s, now, j| create(s, now, &spec("a"), &keys(1), j));
}

#[test]
fn the_details_say_what_changed_and_no_secret() {
    let check = |change: Change, whose: (&str, &str), details: Json| {
        let store = house();
        let notes = Notes::of(&store);
        change(&store, NOW, &notes).unwrap();
        let events = notes.events.borrow();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.tenant.as_str(), event.company.as_str()), whose, "{event:?}");
        assert_eq!(serde_json::to_value(&event.details).unwrap(), details, "{event:?}");
    };
    let a = ("a", "acme");
    check(
        |s, now, j| {
            let body = json!({"id": "b", "company": "other", "limits": {"monthly_cost_usd": "5.50"}});
            create(s, now, &parse_tenant(&body)?, &keys(2), j)
        },
        ("b", "other"),
        json!({"publishable_key_id": key_id("tg_pk_2"), "secret_key_id": key_id("tg_sk_2"),
            "old.monthly_cost_usd": "none", "new.monthly_cost_usd": "5.50"}),
    );
    check(
        |s, now, j| patch(s, now, "a", &json!({"fallback_message": "zzz", "channels": ["portal"]}), j).map(drop),
        a,
        json!({"fields": "channels, fallback_message"}),
    );
    check(
        |s, now, j| patch(s, now, "a", &limits_to(json!({"daily_units": {"seconds": 60}, "burst": 2})), j).map(drop),
        a,
        json!({"old.burst": "none", "new.burst": "2", "old.daily_units.seconds": "none", "new.daily_units.seconds": "60"}),
    );
    check(|s, now, j| delete(s, now, "a", j), a, json!({}));
    let key = |key: &str, kind: &str| json!({"key_id": key_id(key), "kind": kind});
    check(|s, _, j| issue_key(s, "a", KeyKind::Publishable, "tg_pk_new", j), a, key("tg_pk_new", "publishable"));
    check(|s, now, j| revoke_key(s, now, "a", &key_id("tg_sk_more"), j), a, key("tg_sk_more", "secret"));
    check(
        |s, now, j| bind(s, now, "a", "openai", sealed(Some("other"), Mode::Live), j),
        a,
        json!({"vendor": "openai", "mode": "live", "secret": "new"}),
    );
    check(
        |s, now, j| bind(s, now, "a", "openai", sealed(None, Mode::Mock), j),
        a,
        json!({"vendor": "openai", "mode": "mock", "secret": "kept", "base_url": "http://127.0.0.1:9"}),
    );
    check(
        |s, now, j| bind(s, now, "a", "kie", sealed(None, Mode::Live), j),
        a,
        json!({"vendor": "kie", "mode": "live", "secret": "none"}),
    );
    check(|s, now, j| unbind(s, now, "a", "openai", j), a, json!({"vendor": "openai", "mode": "live"}));
    check(
        |s, now, j| Ok(put_company(s, now, &company(json!({"session_cost_usd": "0.10"})), j)?),
        ("", "acme"),
        json!({"old.monthly_cost_usd": "9.00", "new.monthly_cost_usd": "none",
            "old.session_cost_usd": "none", "new.session_cost_usd": "0.10"}),
    );
    check(
        |s, _, j| put_prices(s, [price("tavus", "1"), price("openai", "2"), price("kie", "3")].concat(), j),
        ("", ""),
        json!({"rows": "2", "vendors": "kie, openai"}),
    );
    check(
        |s, _, j| put_prices(s, (10..50).flat_map(|n| price(&format!("v{n}"), "2")).collect(), j),
        ("", ""),
        json!({"rows": "40", "vendors": format!("{} and 8 more",
            (10..42).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", "))}),
    );
}
