//! What the tests share: a tenant `t` of company `c`, whose seconds cost a cent.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    dead_code,
    reason = "tests may panic; each test uses a part of this"
)]

pub mod correcting;

use std::sync::LazyLock;

use calendar::Millis;
use kv_schemas::{Store, StoreError, families, memory::Memory};
use limits::{Fault, Holder, Permit, Reaped, Reservation, Used, charge, close, reap};
use money::{PriceRow, Quantity};

pub const NOW: Millis = Millis(1_795_000_000_000);

/// Signs the log's checkpoints.
pub static SIGNER: LazyLock<audit::Signer> = LazyLock::new(|| audit::Signer::new("log.example/test", [7; 32]).unwrap());

/// A store with the tenant and its company; a token costs a hundredth of a cent.
pub fn store(tenant_limits: &str, company_limits: &str) -> Memory {
    let store = Memory::default();
    let json = format!(
        r#"{{"id":"t","company":"c","limits":{tenant_limits},"ladder":{{"throttle_at":0.5,"text_only_at":0.8}}}}"#
    );
    tenancy::tenant("t").set(&store, &serde_json::from_str(&json).unwrap()).unwrap();
    let company = serde_json::from_str(&format!(r#"{{"id":"c","limits":{company_limits}}}"#)).unwrap();
    tenancy::company("c").set(&store, &company).unwrap();
    let row =
        |unit: &str, usd: &str| PriceRow { valid_from: "2026-01-01".into(), ..PriceRow::new("v", "*", unit, usd) };
    let rows = vec![row("seconds", "0.01"), row("input_tokens", "0.0001"), row("output_tokens", "0.0001")];
    families::PRICES.value(&["v"]).set(&store, &rows).unwrap();
    store
}

/// A reservation of seconds of video.
pub fn seconds(units: u64) -> Reservation {
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
        worst_case: vec![Quantity::new("seconds", units)],
        ttl_ms: 60_000,
        idempotency_key: None,
        continues: None,
        counted: false,
        ticket: None,
    }
}

/// What the tenant's month holds, in nano-USD.
pub fn money(store: &Memory) -> i64 {
    families::MONEY.counter(&["tenant", "t", &NOW.month()]).read(store).unwrap()
}

/// How many of the tenant's permits are open.
pub fn places(store: &Memory) -> i64 {
    families::OPEN.counter(&["tenant", "t"]).read(store).unwrap()
}

/// All runs of the reaper that one maintenance makes.
pub fn reap_all(store: &dyn Store, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut overdue = Vec::new();
    loop {
        let Reaped { overdue: found, more, failed } = reap(store, now, limit)?;
        failed.map_or(Ok(()), Err)?;
        overdue.extend(found);
        if !more {
            return Ok(overdue);
        }
    }
}

/// Charge, log, close, as the gate does it.
pub fn settle(store: &dyn Store, id: &str, used: &Used) -> Result<Permit, Fault> {
    let permit = charge(store, id, used)?;
    let entry = permit.entry().unwrap();
    let staged = audit::Staged::new(entry, [[7; 16], [8; 16]], permit.session.clone(), permit.request_id.clone());
    let stage = audit::append(store, &staged)?;
    close(store, id, stage)?;
    Ok(std::rc::Rc::unwrap_or_clone(permit))
}

/// One maintenance, as the gate does it; gives what it settled.
pub fn maintain(store: &dyn Store, now: Millis) -> Vec<String> {
    let overdue = reap_all(store, now, 100).unwrap();
    overdue.into_iter().filter(|id| settle(store, id, &Used::Unknown).is_ok()).collect()
}

/// Maintenance every ten seconds for so many minutes.
pub fn maintain_for(store: &dyn Store, from: Millis, minutes: u64) -> Vec<String> {
    (0..minutes * 6).flat_map(|step| maintain(store, from.plus(step * 10_000))).collect()
}
