//! The database file: how it is opened, and the statements that touch it. Laid out as Spin's own, so that a data folder can
//! move between the two.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi, params};

use super::key::KeyRef;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))";
/// The `application_id` of a backup. SQLite keeps that number in the file's header and makes nothing of it, nor does Spin.
const BACKUP: i32 = i32::from_be_bytes(*b"TGbk");
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CHECKPOINT_PAGES: i64 = 4_000;
/// Pages that a fold may hold before they spill.
const CACHE_KIB: i64 = 16 * 1024;

/// How SQLite keeps a transaction whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    WriteAhead,
    /// As Spin opens its file: the old pages are set aside while the new ones are written.
    Rollback,
}

/// Opens (or creates) the file for writing.
pub fn open_writer(path: &Path, vfs: Option<&'static str>) -> rusqlite::Result<(Connection, Journal)> {
    let connection = connect(path, OpenFlags::default(), vfs)?;
    // On macOS a plain fsync leaves the data in the drive's memory; elsewhere these two change nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // A commit returns only when it would survive a power cut: the log forgets after it. EXTRA and not FULL: with a rollback journal a commit is the
    // removal of the journal, and FULL doesn't sync that.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    // Before there is a write-ahead log: from then on the file alone may lack what was written last.
    if is_backup(&connection)? {
        unmark(&connection)?;
    }
    // A file from Spin is in rollback-journal mode. Switching needs it to itself for a moment; when that can't be had the
    // store works all the same, only slower, so this is no reason to stop.
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    let journal = match mode {
        Ok(mode) if mode.eq_ignore_ascii_case("wal") => Journal::WriteAhead,
        Ok(mode) => {
            tracing::warn!(mode, "the key-value file stays in its journal mode");
            Journal::Rollback
        }
        Err(error) => {
            tracing::warn!(%error, "the key-value file can't be switched to a write-ahead log");
            Journal::Rollback
        }
    };
    make_table(&connection)?;
    // Fewer checkpoints: pages that are written again and again are carried into the file less often.
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok((connection, journal))
}

/// The one table, if it isn't there.
pub fn make_table(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(SCHEMA, []).map(drop)
}

/// Whether the file was marked as a backup, and is no gate's store since.
pub fn is_backup(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA application_id", [], |row| row.get::<_, i32>(0)).map(|id| id == BACKUP)
}

/// Says of a file that it is a backup: that it alone holds everything.
pub fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", BACKUP)
}

/// Takes the mark off: the file is going to be a store. Crash in here: it is one or the other, and whole.
pub fn unmark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", 0)
}

/// Opens the file for reading, beside the writer.
pub fn open_reader(path: &Path, vfs: Option<&'static str>) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX, vfs)
}

fn connect(path: &Path, flags: OpenFlags, vfs: Option<&'static str>) -> rusqlite::Result<Connection> {
    let connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Syncs everything that was committed to the write-ahead log.
///
/// Not by a checkpoint: one that a reader blocks syncs nothing, and says that all is well. Not through a handle of our own:
/// a failed write-back is told to the handle that wrote.
pub fn sync_log(connection: &Connection) -> rusqlite::Result<()> {
    let mut log: *mut ffi::sqlite3_file = std::ptr::null_mut();
    // SAFETY: the connection is open and used by this thread alone. SQLite stores a pointer to its own file object, which
    // lives as long as the connection is in this journal mode, and nothing between here and the sync changes that. A
    // journal that isn't open has no methods.
    let code = unsafe {
        let code = ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_JOURNAL_POINTER,
            (&raw mut log).cast(),
        );
        let sync = if log.is_null() { None } else { (*log).pMethods.as_ref().and_then(|methods| methods.xSync) };
        match (code, sync) {
            (ffi::SQLITE_OK, Some(sync)) => sync(log, ffi::SQLITE_SYNC_FULL),
            (ffi::SQLITE_OK, None) => ffi::SQLITE_CANTOPEN,
            (code, _) => code,
        }
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(
            ffi::Error::new(code),
            Some("the write-ahead log can't be synced".into()),
        )),
    }
}

/// The committed value of a key.
pub fn read(connection: &Connection, key: &KeyRef<'_>) -> rusqlite::Result<Option<Bytes>> {
    connection
        .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
        .query_row(params![key.store, key.key], |row| row.get::<_, Vec<u8>>(0))
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

/// Keys of all labels, in their order.
pub fn read_all_keys(
    connection: &Connection,
    after: Option<&(String, String)>,
    limit: usize,
) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = match after {
        Some(_) => "SELECT store, key FROM spin_key_value WHERE (store, key) > (?1, ?2) ORDER BY store, key LIMIT ?3",
        None => "SELECT store, key FROM spin_key_value WHERE store >= ?1 AND key >= ?2 ORDER BY store, key LIMIT ?3",
    };
    let (store, key) = after.map_or(("", ""), |(store, key)| (store, key));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![store, key, limit], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The newest generation of the log whose writes the file has. SQLite keeps a number for its users in the file's header,
/// and it changes with the transaction.
pub fn generation(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Writes what a generation has come to, and that the file has it: after a crash either all of it is there or none.
pub fn fold<'a>(
    connection: &mut Connection,
    rows: impl IntoIterator<Item = (&'a str, &'a str, Option<&'a [u8]>)>,
    generation: u32,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut upsert = transaction.prepare_cached(
            "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
        )?;
        let mut delete = transaction.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
        for (store, key, value) in rows {
            match value {
                Some(value) => upsert.execute(params![store, key, value])?,
                None => delete.execute(params![store, key])?,
            };
        }
    }
    transaction.pragma_update(None, "user_version", generation)?;
    transaction.commit()
}
