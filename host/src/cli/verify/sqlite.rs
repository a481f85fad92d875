//! The file of an embedded store, ours or Spin's, read at one moment beside whoever writes it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::time::Duration;
use tollgate::kv::sqlite::FILE_NAME;

use super::loaded::Loaded;

/// As components of the gate open it.
const LABEL: &str = "default";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub fn load(folder: &Path) -> Result<Loaded> {
    let path = folder.join(FILE_NAME);
    ensure!(path.is_file(), "there is no store in {}: no file {FILE_NAME}", folder.display());
    let loaded = match read(&path.to_string_lossy(), OpenFlags::empty()) {
        // A write-ahead log needs a file beside it even for reading. Where none can be made, and none is there, nobody
        // can be writing either.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !has_log(&path) => {
            read(&format!("file:{}?immutable=1", escaped(&path)), OpenFlags::SQLITE_OPEN_URI)
        }
        loaded => loaded,
    };
    loaded.with_context(|| format!("reading {}", path.display()))
}

/// One statement is one read transaction: it sees the commits before it, all of them and whole.
fn read(file: &str, flags: OpenFlags) -> rusqlite::Result<Loaded> {
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut loaded = Loaded::default();
    let mut statement = connection.prepare("SELECT key, value FROM spin_key_value WHERE store = ?1")?;
    let mut rows = statement.query([LABEL])?;
    while let Some(row) = rows.next()? {
        loaded.put(row.get(0)?, row.get(1)?, |bytes| bytes.try_into().ok().map(i64::from_le_bytes));
    }
    Ok(loaded)
}

fn has_log(path: &Path) -> bool {
    let log = format!("{}-wal", path.display());
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// As the path of a URI.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
