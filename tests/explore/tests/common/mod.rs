//! What the tests of the limits share: a tenant of a company, its callers, and what must hold of its counters.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod books;
pub mod reaping;

use std::sync::LazyLock;

use calendar::Millis;
use explore::Explore;
use kv_schemas::{Store, families, memory::Memory};
use limits::{Amount, Correction, Denial, DenialKind, Fault, Holder, Permit, Reservation, Used};
use money::{PriceRow, Quantity};

/// 2026-11-18, in the middle of an hour, a day and a month.
pub const NOW: Millis = Millis(1_795_000_000_000);
/// What a second costs, in nano-USD.
pub const CENT: i64 = 10_000_000;
/// How long a permit is held.
pub const TTL_MS: u64 = 60_000;
/// What nobody writes while the callers are at work.
pub const CONSTANTS: &[&str] = &["tenant/", "company/", "price/"];

/// Signs the log's checkpoints.
pub static SIGNER: LazyLock<audit::Signer> = LazyLock::new(|| audit::Signer::new("log.example/test", [7; 32]).unwrap());

/// How a caller fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fared {
    /// It has a permit.
    Granted,
    /// It has no permit, and knows it.
    Denied,
    /// What it wanted is done.
    Done,
    /// It was told no, for a reason that is no error.
    Refused,
    /// The store failed; it knows nothing.
    Offline,
}

/// Tenant `t` of company `c`; a second costs a cent.
pub fn world(tenant_limits: &str, company_limits: &str) -> Memory {
    let store = Memory::default();
    let json = format!(r#"{{"id":"t","company":"c","limits":{tenant_limits}}}"#);
    tenancy::tenant("t").set(&store, &serde_json::from_str(&json).unwrap()).unwrap();
    let company = serde_json::from_str(&format!(r#"{{"id":"c","limits":{company_limits}}}"#)).unwrap();
    tenancy::company("c").set(&store, &company).unwrap();
    let row = PriceRow { valid_from: "2026-01-01".into(), ..PriceRow::new("v", "*", "seconds", "0.01") };
    families::PRICES.value(&["v"]).set(&store, &vec![row]).unwrap();
    store
}

/// So many seconds of video.
pub fn seconds(units: u64) -> Reservation {
    Reservation { worst_case: used_seconds(units), ..place() }
}

/// A place alone, as a live session holds it.
pub fn place() -> Reservation {
    Reservation {
        tenant: "t".into(),
        session: None,
        credential: "key".into(),
        server: false,
        holder: Holder::Gate,
        capability: "video".into(),
        provider: "v".into(),
        model: String::new(),
        channel: String::new(),
        request_id: "req".into(),
        worst_case: vec![],
        ttl_ms: TTL_MS,
        idempotency_key: None,
        continues: None,
        counted: true,
        ticket: None,
    }
}

pub fn used_seconds(units: u64) -> Vec<Quantity> {
    vec![Quantity::new("seconds", units)]
}

pub fn reserve(store: &dyn Store, now: Millis, id: &str, asked: &Reservation) -> Fared {
    match limits::reserve(store, now, id, asked) {
        Ok(_) => Fared::Granted,
        Err(Denial { kind: DenialKind::Offline, .. }) => Fared::Offline,
        Err(_) => Fared::Denied,
    }
}

/// Charge, log, close: as the proxy does it.
pub fn settle(store: &dyn Store, id: &str, used: &Used) -> Fared {
    fared(settled(store, id, used))
}

fn settled(store: &dyn Store, id: &str, used: &Used) -> Result<(), Fault> {
    let permit = limits::charge(store, id, used)?;
    log(store, &permit)
}

fn log(store: &dyn Store, permit: &Permit) -> Result<(), Fault> {
    let Some((charge, stage)) = permit.decision() else { return Ok(()) };
    let stage = match stage {
        Some(stage) => stage,
        None => audit::append(store, &books::entry(permit, charge).into())?,
    };
    limits::close(store, &permit.id, stage)
}

/// Correct, log, close: as the proxy does it.
pub fn correct(store: &dyn Store, now: Millis, id: &str, corrects: &str, amount: Amount) -> Fared {
    let asked = Correction { corrects: corrects.into(), amount, reason: "a credit".into() };
    let permit = limits::correct(store, now, id, &asked, "req", None);
    fared(permit.and_then(|permit| permit.map_or(Ok(()), |permit| log(store, &permit))))
}

pub fn release(store: &dyn Store, id: &str) -> Fared {
    fared(limits::release(store, id))
}

fn fared(outcome: Result<(), Fault>) -> Fared {
    match outcome {
        Ok(()) => Fared::Done,
        Err(Fault::Store(_)) => Fared::Offline,
        Err(_) => Fared::Refused,
    }
}

/// Writes permits without what they only remember to show: how near the cap the tenant was, and what was left.
pub fn blanked<O: Clone + Eq + std::fmt::Debug>(explore: Explore<'_, O>) -> Explore<'_, O> {
    explore.blanking(|key, bytes| {
        let mut json: serde_json::Value =
            key.starts_with("permit/").then(|| serde_json::from_slice(bytes).ok()).flatten()?;
        json["rung"] = "full".into();
        json["remaining"] = serde_json::json!({"cost": null, "seconds": null});
        serde_json::to_vec(&json).ok()
    })
}
