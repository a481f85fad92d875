//! A story with everything in it: two tenants of one company, permits of every state, entries with numbers and without.
#![allow(clippy::unwrap_used, dead_code, reason = "tests may panic; each test uses a part of this")]

#[path = "../../../limits/tests/common/mod.rs"]
mod common;

pub use common::NOW;
use common::{seconds, settle, store};
use kv_schemas::{Counter, families, memory::Memory};
use limits::{Holder, Reservation, Used, release, reserve};
use money::Quantity;
use reconcile::{Report, Trust};

const LIMITS: &str = r#"{"monthly_cost_usd":"10.00","daily_units":{"seconds":900,"tokens":5000},"burst":9,
    "session_cost_usd":"2.00","session_units":{"seconds":100}}"#;

pub fn report(store: &Memory) -> Report {
    let trust = Trust { key: Some(common::SIGNER.verifier()), ..Trust::default() };
    reconcile::check_knowing(store, NOW.plus(1_000), store.keys().into_iter(), &trust).unwrap()
}

pub fn used(units: u64) -> Used {
    Used::Actual(vec![Quantity::new("seconds", units)])
}

/// Two tenants of one company: permits of every state, entries with numbers and without.
pub fn story() -> Memory {
    let store = store(LIMITS, r#"{"monthly_cost_usd":"20.00","burst":20}"#);
    let other = r#"{"id":"u","company":"c","limits":{"monthly_cost_usd":"1.00"}}"#;
    tenancy::tenant("u").set(&store, &serde_json::from_str(other).unwrap()).unwrap();
    let reserve = |id: &str, asked: &Reservation| reserve(&store, NOW, id, asked).unwrap();

    reserve("lc_exact", &seconds(30));
    settle(&store, "lc_exact", &used(12)).unwrap();
    reserve("lc_overrun", &seconds(30));
    settle(&store, "lc_overrun", &used(45)).unwrap();
    let chat = vec![Quantity::new("input_tokens", 100), Quantity::new("output_tokens", 50)];
    let chat = Reservation { capability: "chat".into(), worst_case: chat, ..seconds(1) };
    reserve("lc_chat", &chat);
    let kinds = [("input_tokens", 10), ("cached_input_tokens", 20), ("output_tokens", 30)];
    let tokens = Used::Actual(kinds.map(|(unit, n)| Quantity::new(unit, n)).into());
    settle(&store, "lc_chat", &tokens).unwrap();
    audit::sequence(&store, NOW, 100, &common::SIGNER).unwrap();

    let page = Reservation { session: Some("ses_1".into()), holder: Holder::Page, ..seconds(20) };
    reserve("lc_session", &page);
    settle(&store, "lc_session", &used(5)).unwrap();
    reserve("lc_other", &Reservation { tenant: "u".into(), ..seconds(7) });
    settle(&store, "lc_other", &Used::Unknown).unwrap();
    reserve("lc_released", &seconds(40));
    release(&store, "lc_released").unwrap();
    limits::reserve(&store, NOW, "lc_denied", &seconds(900)).unwrap_err();
    reserve("lc_held", &seconds(30));
    reserve("lc_page", &Reservation { session: Some("ses_1".into()), ..seconds(3) });
    reserve("lc_lease", &Reservation { worst_case: Vec::new(), ..seconds(0) });
    reserve("lc_charged", &seconds(8));
    limits::charge(&store, "lc_charged", &used(6)).unwrap();
    store
}

/// What a scope's month comes to.
pub fn money_of(scope: &str, owner: &str) -> Counter {
    families::MONEY.counter(&[scope, owner, &NOW.month()])
}

/// Puts other limits into the tenant's record, as nobody may: past the history of limits.
pub fn set_limits(store: &Memory, limits: &str) {
    let mut tenant = tenancy::find_tenant(store, "t").unwrap().unwrap();
    tenant.limits = serde_json::from_str(limits).unwrap();
    tenancy::tenant("t").set(store, &tenant).unwrap();
}
