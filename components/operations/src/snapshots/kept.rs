//! Recorded snapshots: by name, and a list of their names in the order of their making, of which the newest are kept.

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, Value, families};
use snapshot::{Snapshot, name, taken_at};

/// So many are kept: more than a year of daily ones.
pub const KEPT: u64 = 400;
/// At most so many of the oldest are removed at once.
const MAX_REMOVED: u64 = 50;

fn list() -> Log<String> {
    families::SNAPSHOT_LIST.log(&[])
}

/// The first place of the list that may still be one.
fn head() -> Value<u64> {
    families::SNAPSHOT_HEAD.value(&[])
}

fn place(name: &str) -> Value<Snapshot> {
    families::SNAPSHOT.value(&[name])
}

/// Records it under its name, and gives that. The oldest go.
pub fn keep(store: &dyn Store, now: Millis, snapshot: &Snapshot) -> Result<String, StoreError> {
    let name = name(now);
    if !place(&name).exists(store)? {
        // What if we crash after this? A name of a snapshot that isn't there, which is passed over.
        list().append(store, &name)?;
    }
    place(&name).set(store, snapshot)?;
    retain(store)?;
    Ok(name)
}

/// The one of this name.
pub fn find(store: &dyn Store, name: &str) -> Result<Option<Snapshot>, StoreError> {
    if taken_at(name).is_none() { Ok(None) } else { place(name).get(store) }
}

/// When the newest was taken, to the minute.
pub fn newest(store: &dyn Store) -> Result<Option<Millis>, StoreError> {
    Ok(page(store, None, 1)?.names.first().and_then(|name| taken_at(name)))
}

/// Some names, the newest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub names: Vec<String>,
    /// What the next page is before; absent after the oldest.
    pub next: Option<u64>,
}

/// At most `limit` of those before a place of the list.
pub fn page(store: &dyn Store, before: Option<u64>, limit: usize) -> Result<Page, StoreError> {
    let first = head().get(store)?.unwrap_or(1);
    let end = before.unwrap_or(u64::MAX).min(list().tail(store)?.saturating_add(1));
    let mut found = Page { names: Vec::new(), next: None };
    for index in (first..end).rev() {
        if found.names.len() >= limit {
            found.next = Some(index.saturating_add(1));
            break;
        }
        // Two that were recorded in one minute at two nodes have one name.
        if let Slot::Entry(name) = list().get(store, index)?
            && found.names.last() != Some(&name)
            && place(&name).exists(store)?
        {
            found.names.push(name);
        }
    }
    Ok(found)
}

fn retain(store: &dyn Store) -> Result<(), StoreError> {
    let first = head().get(store)?.unwrap_or(1);
    let over = list().tail(store)?.saturating_add(1).saturating_sub(KEPT);
    let end = over.min(first.saturating_add(MAX_REMOVED));
    if end <= first {
        return Ok(());
    }
    for index in first..end {
        if let Slot::Entry(name) = list().get(store, index)? {
            // What if we crash after one? It is removed again.
            place(&name).delete(store)?;
            list().remove(store, index)?;
        }
    }
    head().set(store, &end)
}
