//! The store of a gate that doesn't run, brought into its one file: for whoever goes on with that and knows no log.

use std::path::Path;

use anyhow::{bail, ensure};

use super::open::Options;
use super::{FILE_NAME, SqliteStore};
use crate::kv::durability::Durability;

impl SqliteStore {
    /// Afterwards the file in `data` alone holds everything. Nobody needs to be served meanwhile, so there are no threads.
    ///
    /// Crash in here: as in a start, which does the same.
    ///
    /// # Errors
    /// A gate has the folder, or something can't be read, written or synced, or is kept open by somebody else. Nothing is
    /// lost then: what isn't in the file is still beside it.
    pub fn settle(data: &Path) -> anyhow::Result<()> {
        let (store, _, folder) = Self::prepare(data, Options::new(Durability::Strict))?;
        folder.finish();
        if let Some(reason) = &store.shared.lock().failed {
            bail!("{reason}");
        }
        // SQLite doesn't say so when it closes a file and has to leave its log.
        let journal = data.join(format!("{FILE_NAME}-wal"));
        let rest = journal.metadata().map_or(0, |journal| journal.len());
        ensure!(rest == 0, "{} is still needed: another program has the store open", journal.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rusqlite::Connection;

    use super::super::log::files::paths;
    use super::*;
    use crate::kv::KeyValue;

    const S: &str = "default";

    #[tokio::test]
    async fn the_file_alone_holds_what_a_killed_gate_has_acknowledged() {
        let (alive, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = SqliteStore::open(alive.path(), Durability::Strict).unwrap();
        let refused = SqliteStore::settle(alive.path()).unwrap_err().to_string();
        assert!(refused.contains("in use by another gate"), "{refused}");
        store.increment(S, "n", 3).await.unwrap();
        let seq = store.set(S, "a", Bytes::from_static(b"1")).await.unwrap();
        store.durable(seq).await.unwrap();
        // As a kill leaves it: records in the log, nothing of them in the file.
        for log in paths(alive.path()) {
            std::fs::copy(&log, dead.path().join(log.file_name().unwrap())).unwrap();
        }
        drop(store);

        SqliteStore::settle(dead.path()).unwrap();
        SqliteStore::settle(dead.path()).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(dead.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["lock", FILE_NAME]);
        let file = Connection::open(dead.path().join(FILE_NAME)).unwrap();
        let mut select = file.prepare("SELECT key, value FROM spin_key_value ORDER BY key").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows: Vec<(String, Vec<u8>)> = rows.map(Result::unwrap).collect();
        assert_eq!(rows, [("a".into(), b"1".to_vec()), ("n".into(), 3i64.to_le_bytes().to_vec())]);
    }

    #[tokio::test]
    async fn a_file_that_somebody_else_has_open_is_not_said_to_hold_everything() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
        store.set(S, "a", Bytes::from_static(b"1")).await.unwrap();
        let other = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let count = || other.query_row("SELECT count(*) FROM spin_key_value", [], |row| row.get::<_, u32>(0)).unwrap();
        drop((count(), store));
        assert_eq!(count(), 1);
        let refused = SqliteStore::settle(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("another program"), "{refused}");
        drop(other);
        SqliteStore::settle(folder.path()).unwrap();
    }
}
