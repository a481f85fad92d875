//! The database file: how it is opened, and the statements that touch it. Laid out as Spin's own, so that a data folder can
//! move between the two.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::state::{Key, Write};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))";
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens (or creates) the file for writing.
pub fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A file from Spin is in rollback-journal mode. Switching needs it to itself for a moment; when that can't be had the
    // store works all the same, only slower, so this is no reason to stop.
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode.eq_ignore_ascii_case("wal") => {}
        Ok(mode) => tracing::warn!(mode, "the key-value file stays in its journal mode"),
        Err(error) => {
            tracing::warn!(%error, "the key-value file can't be switched to a write-ahead log");
        }
    }
    // FULL: a commit returns only when it would survive a power cut. Everything else here relies on that.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute(SCHEMA, [])?;
    Ok(connection)
}

/// Opens the file for reading, beside the writer.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// The committed value of a key.
pub fn read(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Bytes>> {
    connection
        .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
        .query_row(params![key.store(), key.key()], |row| row.get::<_, Vec<u8>>(0))
        .optional()
        .map(|value| value.map(Bytes::from))
}

/// Committed keys after `after`, in byte order.
pub fn read_keys(
    connection: &Connection,
    store: &str,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    // No string sorts before the empty one, and the empty key itself only has to be found when there is no cursor.
    let sql = match after {
        Some(_) => "SELECT key FROM spin_key_value WHERE store = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
        None => "SELECT key FROM spin_key_value WHERE store = ?1 AND key >= ?2 ORDER BY key LIMIT ?3",
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.query_map(params![store, after.unwrap_or(""), limit], |row| row.get(0))?.collect()
}

/// Writes a batch in one transaction: after a crash either all of it is there or none.
pub fn commit(connection: &mut Connection, batch: &[Write]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut upsert = transaction.prepare_cached(
            "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
        )?;
        let mut delete = transaction.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
        // Newest first: of several writes of a key in one batch only the last can ever be seen, so the others cost nothing.
        let mut written = HashSet::with_capacity(batch.len());
        for write in batch.iter().rev() {
            if !written.insert(&write.key) {
                continue;
            }
            let (store, key) = (write.key.store(), write.key.key());
            match &write.value {
                Some(value) => upsert.execute(params![store, key, &value[..]])?,
                None => delete.execute(params![store, key])?,
            };
        }
    }
    transaction.commit()
}
