//! The store that is filled: in memory, then written as the embedded store's file, in the order of its keys.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use kv_schemas::{Store, StoreError};
use rusqlite::{Connection, params};

/// The name Spin gives its file, and the embedded store too.
const FILE_NAME: &str = "sqlite_key_value.db";

/// Values as they are, counters as 8 little-endian bytes.
#[derive(Default)]
pub struct Cells(RefCell<HashMap<Box<str>, Box<[u8]>>>);

impl Cells {
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// One sorted transaction, with nothing synced: who fills can fill again.
    pub fn write(self, data: &Path) -> Result<()> {
        let mut cells: Vec<_> = self.0.into_inner().into_iter().collect();
        cells.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut file = Connection::open(data.join(FILE_NAME))?;
        file.pragma_update(None, "journal_mode", "OFF")?;
        file.pragma_update(None, "synchronous", "OFF")?;
        file.execute(
            "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
             PRIMARY KEY (store, key))",
            [],
        )?;
        let whole = file.transaction()?;
        {
            let mut insert =
                whole.prepare("INSERT INTO spin_key_value (store, key, value) VALUES ('default', ?1, ?2)")?;
            for (key, value) in &cells {
                insert.execute(params![key, value])?;
            }
        }
        whole.commit()?;
        Ok(())
    }
}

impl Store for Cells {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.borrow().get(key).map(|value| value.to_vec()))
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(key);
        Ok(())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.0.borrow().contains_key(key))
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let mut cells = self.0.borrow_mut();
        let no_counter = || StoreError::Corrupt { key: key.to_owned(), reason: "no counter".into() };
        let current = match cells.get(key) {
            None => 0,
            Some(bytes) => i64::from_le_bytes(bytes[..].try_into().map_err(|_| no_counter())?),
        };
        let sum = current.checked_add(delta).ok_or_else(no_counter)?;
        cells.insert(key.into(), sum.to_le_bytes().into());
        Ok(sum)
    }
}
