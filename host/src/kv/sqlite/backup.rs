//! One plain file that holds a whole store: taken beside a gate that runs, checked, and put back into a folder.
//!
//! A backup has a mark in its header, which a store has not: the file of a gate that serves looks as whole as a backup, and
//! may lack what lies in the log beside it.
//!
//! | effect of a restore | a crash after it leaves |
//! |---|---|
//! | the backup is copied into the folder under another name, synced | the old store, and a file that the next restore replaces |
//! | the old store's log is folded into its file | the old store |
//! | the old store's file has a second name, in a folder of its own | the old store |
//! | the copy takes the first name | the new store |
//!
//! Only where the old store is damaged, and its log can't be folded, is that moved away first: a crash then leaves what was
//! damaged before, in two folders.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use kv_schemas::families;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::log::files;
use super::log::replay::Replay;
use super::open::{lock, sync_folder};
use super::{FILE_NAME, SqliteStore, file};

/// As components of the gate open it.
const LABEL: &str = "default";
/// A backup on its way into a folder.
const ARRIVING: &str = "sqlite_key_value.db.restored";

/// Which files are restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Those that have the mark of a backup.
    Backups,
    /// Also others: somebody knows the file to be whole.
    Stores,
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub keys: u64,
    /// Of the file.
    pub bytes: u64,
    /// The newest checkpoint of the audit log, a signed note, if there is one.
    pub checkpoint: Option<String>,
    /// Whether it has the mark of a backup.
    pub is_backup: bool,
}

/// Copies the store in `data` into `file`, which must not be there; a gate may serve on it meanwhile.
///
/// What the copy holds is what a crash at this moment would have left: every write up to some point, and none after it.
///
/// # Errors
/// There is no store, or it can't be read; or the copy can't be written.
pub fn copy(data: &Path, file: &Path) -> Result<()> {
    let path = data.join(FILE_NAME);
    ensure!(path.is_file(), "there is no store in {}: no file {FILE_NAME}", data.display());
    // The log first: what the file doesn't have yet when its transaction begins is then in what was read.
    let log = Replay::read(data).context("reading the store's log")?;
    let source = file::open_reader(&path, None).with_context(|| format!("opening {}", path.display()))?;
    take_over(&source, file).with_context(|| format!("copying {} to {}", path.display(), file.display()))?;
    fold(file, log).with_context(|| format!("bringing the store's log into {}", file.display()))?;
    sync(file)
}

/// What the log has beyond the copy.
fn fold(copy: &Path, log: Replay) -> Result<()> {
    let mut copy = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Nobody has the file yet: it is synced as a whole, or thrown away.
    copy.pragma_update(None, "synchronous", "OFF")?;
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    file::make_table(&copy)?;
    let folded = file::generation(&copy)?;
    let newest = folded.max(log.newest().unwrap_or(folded));
    let writes = log.after(folded);
    let rows: BTreeMap<_, _> =
        writes.iter().map(|write| ((&*write.store, &*write.key), write.value.as_deref())).collect();
    file::fold(&mut copy, rows.into_iter().map(|((store, key), value)| (store, key, value)), newest)?;
    // Last: until here the file lacks what the log has.
    file::mark(&copy)?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// All that one transaction on `source` sees, without what was deleted, in a file for this user alone.
fn take_over(source: &Connection, file: &Path) -> Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let name = file.to_str().context("the path is not UTF-8")?;
    source.execute("VACUUM INTO ?1", [name])?;
    Ok(())
}

fn sync(file: &Path) -> Result<()> {
    File::open(file).and_then(|file| file.sync_all()).with_context(|| format!("syncing {}", file.display()))
}

/// Checks that a file is a whole store, and says what it holds.
///
/// # Errors
/// It is none, or damaged, or not all of it.
pub fn examine(file: &Path) -> Result<Contents> {
    let bytes = fs::metadata(file).with_context(|| format!("reading {}", file.display()))?.len();
    let log = [".log-0", ".log-1"].map(|end| beside(file, end)).into_iter().find(|log| log.exists());
    if let Some(log) = log {
        bail!("{} isn't all of a store: {} belongs to it", file.display(), log.display());
    }
    let store = file::open_reader(file, None).with_context(|| format!("opening {}", file.display()))?;
    let contents = look(&store, bytes);
    contents.with_context(|| format!("{} is no backup of a store that could be used", file.display()))
}

fn look(store: &Connection, bytes: u64) -> Result<Contents> {
    let says: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(says == "ok", "it is damaged: {says}");
    let mut columns = store.prepare("SELECT name, type, pk FROM pragma_table_info('spin_key_value') ORDER BY cid")?;
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let columns = columns.collect::<rusqlite::Result<Vec<(String, String, u32)>>>()?;
    let expected = [("store", "TEXT", 1), ("key", "TEXT", 2), ("value", "BLOB", 0)];
    let is_ours = columns.iter().map(|(name, kind, place)| (&**name, &**kind, *place)).eq(expected);
    ensure!(is_ours, "it has no table `spin_key_value` of labels, keys and values");
    let keys = store.query_row("SELECT count(*) FROM spin_key_value", [], |row| row.get(0))?;
    Ok(Contents { keys, bytes, checkpoint: checkpoint(store)?, is_backup: file::is_backup(store)? })
}

/// The newest checkpoint of the audit log of the store in `data`, a signed note; a gate may serve on it meanwhile. What lies
/// in the store's log for the last second isn't looked at.
///
/// # Errors
/// There is no store, or it can't be read.
pub fn last_checkpoint(data: &Path) -> Result<Option<String>> {
    let path = data.join(FILE_NAME);
    let store = file::open_reader(&path, None);
    store
        .map_err(Into::into)
        .and_then(|store| checkpoint(&store))
        .with_context(|| format!("reading {}", path.display()))
}

/// The newest one that is a checkpoint.
fn checkpoint(store: &Connection) -> Result<Option<String>> {
    let first = families::CHECKPOINT.key(&["1"]);
    let first = first.trim_end_matches('1');
    let newest = store
        .query_row(
            "SELECT value FROM spin_key_value WHERE store = ?1 AND substr(key, 1, length(?2)) = ?2
             ORDER BY CAST(substr(key, length(?2) + 1) AS INTEGER) DESC LIMIT 1",
            [LABEL, first],
            |row| row.get::<_, Vec<u8>>(0),
        )
        .optional()?;
    let note = newest.and_then(|value| serde_json::from_slice::<String>(&value).ok());
    Ok(note.filter(|note| tlog::Checkpoint::unverified(note).is_ok()))
}

/// What became of a restore.
#[derive(Debug)]
pub struct Restored {
    pub contents: Contents,
    /// Where the store is that was there before.
    pub aside: Option<PathBuf>,
    /// Why its log couldn't be folded into its file: it lies beside it.
    pub doubt: Option<anyhow::Error>,
}

/// Makes a backup the store of the folder `data`. A store that is there already stays, unless it may be moved: to `aside`.
///
/// # Errors
/// The backup is none, or isn't marked as one and has to be, or a gate has the folder, or there is a store that may not be moved, or something can't be written.
/// The folder is then as it was, but for a copy that the next try replaces.
pub fn restore(backup: &Path, data: &Path, aside: Option<&str>, accept: Accept) -> Result<Restored> {
    let contents = examine(backup)?;
    ensure!(
        contents.is_backup || accept == Accept::Stores,
        "{} isn't marked as a backup, so it may be the file of a store without its log, and lack what was written last: have \
         `tollgate backup` write one. If you know that it is whole, since its gate was stopped or `tollgate store fold` has \
         folded its log before it was copied: --unmarked",
        backup.display()
    );
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("creating {}", data.display()))?;
    let held = lock(data)?;
    let there = parts(data);
    let aside = match (there.is_empty(), aside) {
        (true, _) => None,
        (false, Some(name)) => Some(data.join(name)),
        (false, None) => bail!("there is a store in {} already: {}", data.display(), list(&there)),
    };
    let arriving = data.join(ARRIVING);
    drop(fs::remove_file(&arriving));
    let source = file::open_reader(backup, None)?;
    take_over(&source, &arriving).with_context(|| format!("copying {} to {}", backup.display(), arriving.display()))?;
    drop(source);
    file::unmark(&Connection::open_with_flags(&arriving, OpenFlags::SQLITE_OPEN_READ_WRITE)?)?;
    sync(&arriving)?;
    let copied = examine(&arriving)?;
    ensure!(copied.keys == contents.keys, "{} has changed while it was copied", backup.display());

    let mut doubt = None;
    if let Some(aside) = &aside {
        // Folding takes the lock for itself. Who gets it in between is a gate, and then the next line but one fails.
        drop(held);
        doubt = SqliteStore::settle(data).err();
        let held = lock(data)?;
        move_away(data, aside)?;
        arrive(&arriving, data)?;
        drop(held);
    } else {
        arrive(&arriving, data)?;
        drop(held);
    }
    Ok(Restored { contents: copied, aside, doubt })
}

fn arrive(arriving: &Path, data: &Path) -> Result<()> {
    let path = data.join(FILE_NAME);
    fs::rename(arriving, &path).with_context(|| format!("renaming {}", arriving.display()))?;
    sync_folder(data).with_context(|| format!("syncing {}", data.display()))
}

/// The old store keeps its first name until the new one takes it; what lay beside it must not meet the new one.
fn move_away(data: &Path, aside: &Path) -> Result<()> {
    fs::DirBuilder::new().mode(0o700).create(aside).with_context(|| format!("creating {}", aside.display()))?;
    for part in parts(data) {
        let name = part.file_name().ok_or_else(|| anyhow!("{} has no name", part.display()))?;
        let to = aside.join(name);
        let moved = match name == FILE_NAME {
            // Where the file system has no second names there is a moment without a store.
            true => fs::hard_link(&part, &to).or_else(|_| fs::rename(&part, &to)),
            false => fs::rename(&part, &to),
        };
        moved.with_context(|| format!("moving {} to {}", part.display(), aside.display()))?;
    }
    sync_folder(aside).with_context(|| format!("syncing {}", aside.display()))
}

/// The files of the store in a folder, the main one last.
fn parts(data: &Path) -> Vec<PathBuf> {
    let file = data.join(FILE_NAME);
    let beside_it = ["-wal", "-shm", "-journal"].map(|end| beside(&file, end));
    let all = files::paths(data).into_iter().chain(beside_it).chain([file]);
    all.filter(|path| path.exists()).collect()
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn list(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
