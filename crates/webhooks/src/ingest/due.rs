//! The list of events that are not done with.

use calendar::Millis;
use kv_schemas::{Log, Store, StoreError, Value, families, sweep};

use super::event::{Listed, Stored};

pub(crate) fn list() -> Log<Listed> {
    families::WEBHOOK_DUE.log(&[])
}

pub(crate) fn head() -> Value<sweep::Head> {
    families::WEBHOOK_DUE_HEAD.value(&[])
}

/// A place on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line(u64);

pub(crate) fn enlist(store: &dyn Store, now: Millis, stored: &Stored) -> Result<Line, StoreError> {
    list().append(store, &stored.listed(now)).map(Line)
}

/// Strikes off an event that is done with. Not head and all: that is for whoever sweeps the list.
pub(crate) fn strike(store: &dyn Store, line: Line) -> Result<(), StoreError> {
    list().remove(store, line.0)
}

/// Whether there is nothing on it, by two reads.
pub(crate) fn is_empty(store: &dyn Store) -> Result<bool, StoreError> {
    let first = head().get(store)?.unwrap_or_default().first();
    Ok(list().tail(store)? < first.max(1))
}
