//! How the store comes up: what it finds in the folder is on disk before anybody is told of it.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use anyhow::{Context, bail};
use rusqlite::Connection;

use super::file::{self, Journal};
use super::fold::Folder;
use super::learn::learn;
use super::log::files::{LogFiles, Usual, paths};
use super::log::replay::Replay;
use super::log::{Log, Syncing};
use super::shared::Shared;
use super::state::State;
use super::writer::Writer;
use super::{CACHE_BYTES, FILE_NAME, SqliteStore, Threads};
use crate::kv::durability::Durability;
use crate::threads;

/// How the store treats its files.
#[derive(Clone)]
pub(super) struct Options {
    pub durability: Durability,
    /// SQLite's file layer, by name; `None` is its own. The tests have one that loses power, and the same for the log.
    pub vfs: Option<&'static str>,
    pub log: Arc<dyn LogFiles>,
    pub sync_folder: fn(&Path) -> io::Result<()>,
}

impl Options {
    pub fn new(durability: Durability) -> Self {
        Self { durability, vfs: None, log: Arc::new(Usual), sync_folder }
    }
}

impl SqliteStore {
    /// Opens the file in `data`, which must exist.
    ///
    /// # Errors
    /// Another gate has the folder, or the file or its log can't be opened, read, or synced.
    pub fn open(data: &Path, durability: Durability) -> anyhow::Result<Self> {
        Self::open_with(data, Options::new(durability))
    }

    pub(super) fn open_with(data: &Path, options: Options) -> anyhow::Result<Self> {
        let (store, writer, folder) = Self::prepare(data, options)?;
        let mut threads = Threads {
            writer: Some(Builder::new().name("kv-writer".into()).spawn(move || writer.run())?),
            folder: Some(threads::spawn_giving_way("kv-folder", move || folder.run())?),
            learner: None,
        };
        threads.learner = Some(store.learner()?);
        *store.threads.lock().unwrap_or_else(PoisonError::into_inner) = threads;
        Ok(store)
    }

    /// Everything but the threads: the caller drives them.
    pub(super) fn prepare(data: &Path, options: Options) -> anyhow::Result<(Self, Writer, Folder)> {
        let path = data.join(FILE_NAME);
        let lock = lock(data)?;
        let (mut connection, journal) =
            file::open_writer(&path, options.vfs).with_context(|| format!("opening {}", path.display()))?;
        // A gate that was killed may have left commits which the kernel has and the disk has not. What is in the file is
        // taken for durable, and the log of it for done, so it has to become so now, and the names of the files with it.
        if journal == Journal::WriteAhead {
            file::sync_log(&connection).context("syncing the write-ahead log")?;
        }
        let sync_names = || (options.sync_folder)(data).with_context(|| format!("syncing {}", data.display()));
        let generation = replay(data, &mut connection, sync_names).context("replaying the log")?;
        let syncing = match options.durability {
            Durability::Strict => Syncing::EachRecord,
            Durability::Relaxed => Syncing::Soon,
        };
        let salt = getrandom::u64().context("random numbers")?;
        let next = generation.checked_add(1).context("the log has no more generations")?;
        let log = Log::open(data, &*options.log, next, salt, syncing).context("opening the log")?;
        sync_names()?;

        let shared = Arc::new(Shared::new(log, State::new(CACHE_BYTES)));
        let writer = Writer::new(shared.clone());
        let folder = Folder::new(connection, shared.clone(), options.log, paths(data));
        let store = Self {
            shared,
            path,
            vfs: options.vfs,
            readers: Mutex::default(),
            threads: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        };
        Ok((store, writer, folder))
    }

    /// A thread that tells the filter what is in the file. If it can't, the disk is asked, as without it.
    fn learner(&self) -> anyhow::Result<JoinHandle<()>> {
        let (shared, connection) = (self.shared.clone(), file::open_reader(&self.path, self.vfs)?);
        let run = move || {
            if let Err(error) = learn(&connection, &shared) {
                tracing::warn!(%error, "the keys of the store can't be read: absent ones are looked for on disk");
            }
        };
        Ok(threads::spawn_giving_way("kv-learner", run)?)
    }
}

/// Brings into the file what the log has and the file hasn't. Returns a generation that is over, as are all before it.
///
/// Crash in here: it begins anew. Writes say what a key is, not what is added to it, so nothing happens twice.
fn replay(
    data: &Path,
    connection: &mut Connection,
    sync_names: impl Fn() -> anyhow::Result<()>,
) -> anyhow::Result<u32> {
    let folded = file::generation(connection)?;
    let replay = Replay::read(data)?;
    let newest = folded.max(replay.newest().unwrap_or(folded));
    let writes = replay.after(folded);
    // Also what can't be used must not come to life when a later generation has its number.
    if newest > folded {
        let rows: BTreeMap<_, _> =
            writes.iter().map(|write| ((&*write.store, &*write.key), write.value.as_deref())).collect();
        // Before the file is written again: SQLite may go on with a journal that a killed gate has made, whose name isn't on
        // disk yet, and which has to be there to take back half a transaction.
        sync_names()?;
        tracing::info!(writes = writes.len(), keys = rows.len(), "bringing the log of the last run into the store");
        file::fold(connection, rows.into_iter().map(|((store, key), value)| (store, key, value)), newest)?;
    }
    Ok(newest)
}

/// Takes the data folder for this process alone. The kernel gives it back, however the process ends.
pub(super) fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("{} is in use by another gate", data.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// Makes the names in a folder durable, and the folder's own. It may have been made a moment ago, with its parents.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = folder.canonicalize()?;
    File::open(&folder)?.sync_all()?;
    for parent in folder.ancestors().skip(1) {
        // One that this user can't read wasn't made by it either.
        let Ok(parent) = File::open(parent) else { break };
        parent.sync_all()?;
    }
    Ok(())
}
