//! What the tests of corrections share.

use std::cell::Cell;

use audit::Entry;
use kv_schemas::{Slot, Store, StoreError, families, memory::Memory};
use limits::{Correction, Fault, Permit, Used, close, correct, reserve};
use money::Quantity;

use super::{NOW, money, seconds, settle, store};

pub const CENT: i64 = 10_000_000;

/// Correct, log, close, as the gate does it.
pub fn corrected(store: &dyn Store, id: &str, asked: &Correction, key: Option<&str>) -> Result<Option<Permit>, Fault> {
    let Some(permit) = correct(store, NOW, id, asked, "req_1", key)? else { return Ok(None) };
    if let Some((_, None)) = permit.decision() {
        let stage = audit::append(store, &permit.entry().unwrap().into())?;
        close(store, &permit.id, stage)?;
    }
    Ok(Some(permit))
}

/// One interaction, `lc_1`, of 30 cents.
pub fn world(tenant: &str) -> Memory {
    let store = store(tenant, "{}");
    reserve(&store, NOW, "lc_1", &seconds(40)).unwrap();
    settle(&store, "lc_1", &Used::Actual(vec![Quantity::new("seconds", 30)])).unwrap();
    store
}

/// All that was staged. A repeat says the same as the first.
pub fn entries(store: &Memory) -> Vec<Entry> {
    let stage = families::STAGE.log::<Entry>(&[]);
    let mut all = Vec::<Entry>::new();
    for index in 1..=stage.tail(store).unwrap() {
        let Slot::Entry(entry) = stage.get(store, index).unwrap() else { continue };
        match all.iter().find(|first| first.limit_check_id == entry.limit_check_id) {
            Some(first) => assert!(first.says_the_same(&entry), "{first:?}, {entry:?}"),
            None => all.push(entry),
        }
    }
    all
}

/// Cents by the log, by the tenant's counter and by the company's.
pub fn cents(store: &Memory) -> [i64; 3] {
    let logged = audit::totals(store, audit::Scope::Tenant, "t", &NOW.month()).unwrap().settled_nanos;
    let company = families::MONEY.counter(&["company", "c", &NOW.month()]).read(store).unwrap();
    [logged / CENT, money(store) / CENT, company / CENT]
}

/// One operation fails, having been applied or not; the caller gives up.
pub struct Faulty<'a> {
    pub store: &'a Memory,
    pub left: Cell<i64>,
    pub applied: bool,
}

impl Faulty<'_> {
    fn through<T>(&self, act: impl FnOnce(&Memory) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.left.set(self.left.get() - 1);
        match self.left.get() {
            0.. => act(self.store),
            -1 if self.applied => act(self.store).and(Err(StoreError::Unavailable("injected".into()))),
            _ => Err(StoreError::Unavailable("injected".into())),
        }
    }
}

impl Store for Faulty<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.through(|store| store.get(key))
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.through(|store| store.set(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.through(|store| store.delete(key))
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.through(|store| store.exists(key))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.through(|store| store.increment(key, delta))
    }
}
