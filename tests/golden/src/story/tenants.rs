//! A company with a tenant in use, one that was deleted, and one whose making broke off.

use std::collections::BTreeMap;

use calendar::{DAY, MINUTE};
use kv_schemas::{Store, memory::Memory};
use money::{Hours, PriceRow};
use serde_json::{Value as Json, json};
use tenancy::{
    BindingSealed, Company, Disclosure, EndUserAuth, KeyKind, Ladder, Law, Limits, MAKING_LEASE, Mode, NewKeys,
    PersonalData, Privacy, Route, RoutePick, RouteRung, RouteWeights, Tenant, VendorChoice,
};

use super::{NOW, crashed};

pub const PUBLISHABLE: &str = "tg_pk_demo";
pub const SECRET: &str = "tg_sk_demo";
pub const ORIGIN: &str = "https://www.example.com";

fn keys(tenant: &str) -> NewKeys {
    NewKeys { publishable: format!("tg_pk_{tenant}"), secret: format!("tg_sk_{tenant}") }
}

fn demo() -> Tenant {
    let video = VendorChoice { provider: "tavus".into(), model: Some("m-1".into()), ..VendorChoice::default() };
    Tenant {
        display_name: "Demo \u{2013} \"Twin\"".into(),
        allowed_origins: vec![ORIGIN.into(), "http://localhost:3000".into()],
        minimum_age: Some(18),
        limits: limits("25.00"),
        ladder: Ladder { throttle_at: Some(8_000), text_only_at: Some(9_500) },
        vendors: BTreeMap::from([("video".to_owned(), video)]),
        ..Tenant::new("demo", "acme")
    }
}

fn limits(monthly: &str) -> Limits {
    Limits {
        monthly_cost_usd: Some(monthly.into()),
        daily_units: BTreeMap::from([("seconds".to_owned(), 3_600), ("tokens".to_owned(), 1_000_000)]),
        burst: Some(4),
        queue_wait_ms: Some(5_000),
        requests_per_minute: Some(120),
        request_burst: Some(30),
        ..Limits::default()
    }
}

/// Every field that a tenant may have, beside [`demo`].
fn signed() -> Tenant {
    let auth = EndUserAuth {
        issuer: "https://id.example.com".into(),
        audience: "twin".into(),
        jwks: Some(json!({"keys": []})),
        jwks_url: Some("https://id.example.com/jwks".into()),
    };
    let context = VendorChoice {
        provider: "sportradar".into(),
        model: None,
        into_chat: Some("match".into()),
        cache_seconds: Some(30),
    };
    let route = Route {
        pick: RoutePick::Order,
        weights: RouteWeights { latency: 1, cost: 2, capability: 0 },
        rungs: vec![RouteRung { rank: Some(7), ..RouteRung::new("openai", "m-1") }, RouteRung::new("anthropic", "m-2")],
        template: Some("I'll be back.".into()),
    };
    Tenant {
        end_user_auth: Some(auth),
        vendors: BTreeMap::from([("context".to_owned(), context)]),
        routes: BTreeMap::from([("auto".to_owned(), route)]),
        privacy: Privacy { mask: PersonalData::ALL.into() },
        disclosure: Disclosure { show: false, label: "KI".into(), law: Some(Law::Eu), spoken: Some(true) },
        ..Tenant::new("signed", "acme")
    }
}

pub fn told(store: Memory) -> Memory {
    let company = |monthly| Company { id: "acme".into(), limits: limits(monthly) };
    tenancy::put_company(&store, NOW, &company("100.00"), &tenancy::Unlogged).unwrap();
    for tenant in [demo(), signed(), Tenant::new("gone", "acme")] {
        tenancy::create(&store, NOW, &tenant, &keys(&tenant.id), &tenancy::Unlogged).unwrap();
    }
    tenancy::put_company(&store, NOW.plus(1), &company("250.00"), &tenancy::Unlogged).unwrap();
    tenancy::patch(&store, NOW.plus(1), "demo", &json!({"limits": {"monthly_cost_usd": "50.00"}}), &tenancy::Unlogged)
        .unwrap();

    tenancy::issue_key(&store, "demo", KeyKind::Secret, "tg_sk_revoked", &tenancy::Unlogged).unwrap();
    tenancy::revoke_key(&store, NOW.plus(2), "demo", &tenancy::key_id("tg_sk_revoked"), &tenancy::Unlogged).unwrap();
    let binding = BindingSealed {
        mode: Mode::Mock,
        base_url: Some("http://127.0.0.1:9100".into()),
        sealed_secret: Some("v1.sealed-secret".into()),
        sealed_webhook_secret: Some("v1.sealed-webhook-secret".into()),
        options: json!({"persona": "p-1", "size": 2}).as_object().unwrap().clone(),
    };
    tenancy::bind(&store, NOW.plus(2), "demo", "tavus", binding, &tenancy::Unlogged).unwrap();
    tenancy::put_prices(&store, prices(), &tenancy::Unlogged).unwrap();
    tenancy::delete(&store, NOW.plus(3), "gone", &tenancy::Unlogged).unwrap();
    // Broke off while it was made.
    let make = |store: &Memory| {
        drop(tenancy::create(store, NOW, &Tenant::new("half", "acme"), &keys("half"), &tenancy::Unlogged))
    };
    crashed(&store, make, |store| store.exists("tenant-making/half/1").unwrap())
}

fn prices() -> Vec<PriceRow> {
    let row = |vendor: &str, model: &str, unit: &str, usd: &str| PriceRow {
        valid_from: "2026-01-01".into(),
        ..PriceRow::new(vendor, model, unit, usd)
    };
    let long = PriceRow { from_input_tokens: 200_000, ..row("openai", "m-1", "input_tokens", "0.0000008") };
    let hours_utc = Some(Hours::parse("01:00-04:00,22:30-00:30").unwrap());
    let by_night = PriceRow { hours_utc, ..row("openai", "m-1", "output_tokens", "0.0000012") };
    vec![
        row("tavus", "*", "seconds", "0.01"),
        row("openai", "m-1", "input_tokens", "0.0000004"),
        row("openai", "m-1", "output_tokens", "0.0000016"),
        long,
        by_night,
    ]
}

pub fn goes_on(store: &Memory) {
    let made = tenancy::list(store, 0, 10, None).unwrap().tenants;
    assert_eq!(made.iter().map(|tenant| tenant.id.as_str()).collect::<Vec<_>>(), ["demo", "signed"]);
    assert_eq!(tenancy::list_keys(store, "demo").unwrap().len(), 3);
    assert!(tenancy::find_binding(store, "demo", "tavus").unwrap().is_some());
    assert!(tenancy::all_prices(store).unwrap().len() >= 3);
    tenancy::put_company(
        store,
        NOW.plus(DAY),
        &Company { id: "acme".into(), limits: limits("300.00") },
        &tenancy::Unlogged,
    )
    .unwrap();
    tenancy::patch(store, NOW.plus(DAY), "demo", &json!({"limits": {"burst": 5}}), &tenancy::Unlogged).unwrap();
    tenancy::create(
        store,
        NOW.plus(MINUTE + MAKING_LEASE),
        &Tenant::new("half", "acme"),
        &keys("half"),
        &tenancy::Unlogged,
    )
    .unwrap();
    // Every note of what it holds is read.
    tenancy::delete(store, NOW.plus(DAY), "signed", &tenancy::Unlogged).unwrap();
    let gone = tenancy::create(store, NOW.plus(DAY), &Tenant::new("gone", "acme"), &keys("gone"), &tenancy::Unlogged);
    assert!(gone.is_err(), "a deleted tenant's id is not given again");
    let _: Json = serde_json::to_value(tenancy::find_tenant(store, "half").unwrap().unwrap()).unwrap();
}
