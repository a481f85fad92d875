//! The file of an embedded store, ours or Spin's, and what its log has beyond it, read at one moment beside whoever writes
//! them.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::time::Duration;
use tollgate::kv::sqlite::{FILE_NAME, Replay};

use super::loaded::Loaded;
use crate::cli::out::{Progress, progress};

/// As components of the gate open it.
const LABEL: &str = "default";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub fn load(folder: &Path) -> Result<Loaded> {
    let path = folder.join(FILE_NAME);
    ensure!(path.is_file(), "there is no store in {}: no file {FILE_NAME}", folder.display());
    let loaded = match read(folder, &path.to_string_lossy(), OpenFlags::empty()) {
        // A write-ahead log needs a file beside it even for reading. Where none can be made, and none is there, nobody
        // can be writing either.
        Err(error) if can_not_open(&error) && !has_log(&path) => {
            read(folder, &format!("file:{}?immutable=1", escaped(&path)), OpenFlags::SQLITE_OPEN_URI)
        }
        loaded => loaded,
    };
    loaded.with_context(|| format!("reading {}", path.display()))
}

/// The log first: what the file doesn't have yet when its transaction begins is then in what was read. One transaction
/// sees the commits before it, all of them and whole.
fn read(folder: &Path, file: &str, flags: OpenFlags) -> Result<Loaded> {
    let log = Replay::read(folder).context("reading its log")?;
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let file = connection.transaction()?;
    let newer = log.after(file.query_row("PRAGMA user_version", [], |row| row.get(0))?);
    let newer = newer.into_iter().filter(|write| write.store == LABEL).map(|write| (write.key, write.value));
    let mut newer: HashMap<_, _> = newer.collect();
    let mut loaded = Loaded::default();
    let counter = |bytes: &[u8]| bytes.try_into().ok().map(i64::from_le_bytes);
    // Counting reads the table's keys once more: only for somebody who looks.
    let count = || file.query_row("SELECT count(*) FROM spin_key_value WHERE store = ?1", [LABEL], |row| row.get(0));
    let progress = Progress::begin("reading keys", progress::is_shown().then(count).transpose()?);
    {
        let mut statement = file.prepare("SELECT key, value FROM spin_key_value WHERE store = ?1")?;
        let mut rows = statement.query([LABEL])?;
        while let Some(row) = rows.next()? {
            progress.advance(1);
            let key: String = row.get(0)?;
            match newer.remove(&key) {
                None => loaded.put(key, row.get(1)?, counter),
                Some(Some(value)) => loaded.put(key, value.into(), counter),
                Some(None) => {}
            }
        }
    }
    for (key, value) in newer {
        if let Some(value) = value {
            loaded.put(key, value.into(), counter);
        }
    }
    Ok(loaded)
}

fn can_not_open(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<rusqlite::Error>();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::CannotOpen)
}

fn has_log(path: &Path) -> bool {
    let log = format!("{}-wal", path.display());
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// As the path of a URI.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
