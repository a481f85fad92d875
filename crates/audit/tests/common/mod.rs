//! What the tests of the log share: entries, and a picture of everything that a log says.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests may panic; no test uses all of it"
)]

pub mod books;
pub mod table;
pub mod tree;
pub mod watch;

use std::sync::LazyLock;

use audit::{
    Entry, Filter, Item, Position, Progress, Scope, Selection, Signer, Snapshot, Staged, Totals, VERSION, totals,
};
use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};
use money::Nanos;

/// 2026-11-30T23:59:59Z: entries around it fall into two months and two days.
pub const NOW: Millis = Millis(1_796_083_199_000);

/// An entry as it comes from a component, with salts that are the same every time.
pub fn staged(entry: &Entry) -> Staged {
    Staged::new(entry.clone(), [[7; 16], [8; 16]], Some("ses_1".into()), "req_1".into())
}

/// Signs the log's checkpoints.
pub static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new("log.example/test", [7; 32]).unwrap());

pub fn sequence(store: &dyn Store, now: Millis, limit: u32) -> Result<Progress, StoreError> {
    audit::sequence(store, now, limit, &SIGNER)
}

pub fn append(store: &dyn Store, entry: &Entry) -> Result<u64, StoreError> {
    audit::append(store, &staged(entry))
}

pub fn entry(id: &str, tenant: &str, nanos: i64) -> Entry {
    let bare = Entry {
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
        channel: "widget".into(),
        capability: if nanos % 2 == 0 { "video".into() } else { "chat".into() },
        settlement: "exact".into(),
        at_ms: NOW,
        ..Entry::default()
    };
    staged(&bare).entry
}

/// Everything but the sequencer's own records, the stage and the tree, as bytes: what is the same however many runs it
/// took.
pub fn picture(store: &Memory) -> String {
    let apart = ["stage", "sequencer", "checkpoint/", "tile/"];
    let ours = |key: &String| !apart.iter().any(|family| key.starts_with(family));
    let line = |key: String| format!("{key} {}\n", String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap());
    store.keys().into_iter().filter(ours).map(line).collect()
}

pub fn everything(store: &Memory, filter: Filter) -> Vec<Item> {
    Snapshot::take(store, filter).unwrap().page(store, &Selection::default(), Position(0), usize::MAX).unwrap().0
}

pub fn month(store: &Memory, scope: Scope, owner: &str) -> Totals {
    totals(store, scope, owner, &scope.window(NOW)).unwrap()
}

pub fn ids(items: &[Item]) -> String {
    items.iter().map(|item| item.entry.limit_check_id.as_str()).collect::<Vec<_>>().join(" ")
}
