//! A store in memory that forgets what nobody asks for again: a month of permits would fill it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use kv_schemas::memory::Memory;
use kv_schemas::{Store, StoreError, families};
use money::PriceRow;

use super::House;

/// Families whose keys end with a permit's id.
const OF_PERMITS: [&str; 5] = ["permit", "permit-resolver", "permit-closer", "permit-maker", "permit-extension"];

/// Sets and increments go through, and what was written beside the counters that caps are counted by is remembered.
pub struct Slate {
    memory: Memory,
    written: RefCell<Vec<String>>,
}

impl Slate {
    /// With a tenant, its company and the prices.
    pub fn of(house: &House) -> Result<Self> {
        let store = Self { memory: Memory::default(), written: RefCell::default() };
        tenancy::tenant(&house.tenant.id).set(&store, &house.tenant).context("the tenant")?;
        tenancy::company(&house.tenant.company).set(&store, &house.company).context("the company")?;
        let mut by_vendor: BTreeMap<&str, Vec<PriceRow>> = BTreeMap::new();
        for row in &house.prices {
            by_vendor.entry(&row.vendor).or_default().push(row.clone());
        }
        for (vendor, rows) in by_vendor {
            families::PRICES.value(&[vendor]).set(&store, &rows).context("the prices")?;
        }
        store.written.borrow_mut().clear();
        Ok(store)
    }

    /// A permit that is resolved: nobody comes back to it.
    pub fn forget_permit(&self, id: &str) -> Result<(), StoreError> {
        OF_PERMITS.iter().try_for_each(|family| self.memory.delete(&format!("{family}/{id}")))
    }

    /// What was noted for the maintenance, which nobody makes here, and the rates and counters of sessions that are over.
    pub fn forget(&self, is_there: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let mut kept = Vec::new();
        for key in self.written.take() {
            let parts: Vec<&str> = key.split('/').collect();
            let over = match parts.as_slice() {
                ["permit-list", "tail"] => false,
                ["permit-list" | "expiry", ..] => true,
                ["rate", session, ..] | [_, "session", session, ..] => !is_there(session),
                _ => continue,
            };
            if over { self.memory.delete(&key)? } else { kept.push(key) }
        }
        *self.written.borrow_mut() = kept;
        Ok(())
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.memory.keys().len()
    }
}

impl Store for Slate {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.written.borrow_mut().push(key.to_owned());
        self.memory.set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.memory.delete(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.memory.exists(key)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let sum = self.memory.increment(key, delta)?;
        // New ones alone: those of caps are raised again and again.
        if sum == delta {
            self.written.borrow_mut().push(key.to_owned());
        }
        Ok(sum)
    }
}
