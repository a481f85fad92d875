//! What the tests of the log share: entries, and a picture of everything that a log says.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests may panic; no test uses all of it"
)]

pub mod books;

use audit::{Entry, Filter, Item, Period, Position, Scope, Snapshot, Totals, VERSION, totals};
use calendar::Millis;
use kv_schemas::{Store, memory::Memory};
use money::Nanos;

/// 2026-11-30T23:59:59Z: entries around it fall into two months and two days.
pub const NOW: Millis = Millis(1_796_083_199_000);

pub fn entry(id: &str, tenant: &str, nanos: i64) -> Entry {
    Entry {
        v: VERSION,
        tenant_id: tenant.into(),
        company: "acme".into(),
        event_type: "TWIN_INTERACTION".into(),
        provider: "tavus".into(),
        model: String::new(),
        units_consumed: 2,
        unit_type: "seconds".into(),
        cost_nanos: Nanos(nanos),
        limit_check_id: id.into(),
        session_id: Some("ses_1".into()),
        request_id: "req_1".into(),
        channel: "widget".into(),
        capability: if nanos % 2 == 0 { "video".into() } else { "chat".into() },
        settlement: "exact".into(),
        at_ms: NOW,
    }
}

/// Everything but the sequencer's own records and the stage, as bytes.
pub fn picture(store: &Memory) -> String {
    let ours = |key: &String| !key.starts_with("stage") && !key.starts_with("sequencer");
    let line = |key: String| format!("{key} {}\n", String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap());
    store.keys().into_iter().filter(ours).map(line).collect()
}

pub fn everything(store: &Memory, filter: Filter) -> Vec<Item> {
    Snapshot::take(store, filter).unwrap().page(store, Period::default(), Position(0), usize::MAX).unwrap().0
}

pub fn month(store: &Memory, scope: Scope, owner: &str) -> Totals {
    totals(store, scope, owner, &scope.window(NOW)).unwrap()
}

pub fn ids(items: &[Item]) -> String {
    items.iter().map(|item| item.entry.limit_check_id.as_str()).collect::<Vec<_>>().join(" ")
}
