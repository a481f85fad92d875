//! How the store comes up: what it finds in the folder is on disk before anybody is told of it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex};

use anyhow::{Context, bail};
use tokio::sync::watch;

use super::file::{self, Journal};
use super::state::State;
use super::writer::{Syncing, Writer};
use super::{CACHE_BYTES, FILE_NAME, Progress, Shared, SqliteStore};
use crate::kv::Seq;
use crate::kv::durability::{Durability, SYNC_WITHIN};

/// How the store treats its files.
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub durability: Durability,
    /// SQLite's file layer, by name; `None` is its own. The tests have one that loses power.
    pub vfs: Option<&'static str>,
    pub sync_folder: fn(&Path) -> io::Result<()>,
}

impl Options {
    pub fn new(durability: Durability) -> Self {
        Self { durability, vfs: None, sync_folder }
    }
}

impl SqliteStore {
    /// Opens the file in `data`, which must exist.
    ///
    /// # Errors
    /// Another gate has the folder, or the file can't be opened, or not be synced.
    pub fn open(data: &Path, durability: Durability) -> anyhow::Result<Self> {
        Self::open_with(data, Options::new(durability))
    }

    pub(super) fn open_with(data: &Path, options: Options) -> anyhow::Result<Self> {
        let (mut store, writer) = Self::prepare(data, options)?;
        let thread = std::thread::Builder::new().name("kv-writer".into()).spawn(move || writer.run())?;
        *store.writer.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(thread);
        Ok(store)
    }

    /// Everything but the thread: the caller drives the writer.
    pub(super) fn prepare(data: &Path, options: Options) -> anyhow::Result<(Self, Writer)> {
        let path = data.join(FILE_NAME);
        let lock = lock(data)?;
        let opened = file::open_writer(&path, options.vfs, options.durability)
            .with_context(|| format!("opening {}", path.display()))?;
        let (connection, journal) = opened;
        // A gate that was killed may have left commits which the kernel has and the disk has not, whatever its mode. Reads
        // take what is in the file for durable, so it has to become so now, and the names of the files with it.
        if journal == Journal::WriteAhead {
            file::sync_log(&connection).context("syncing the write-ahead log")?;
        }
        (options.sync_folder)(data).with_context(|| format!("syncing {}", data.display()))?;
        let syncing = match (options.durability, journal) {
            (Durability::Relaxed, Journal::WriteAhead) => Syncing::Within(SYNC_WITHIN),
            // Without a write-ahead log a commit that isn't synced could tear the file.
            (Durability::Relaxed, Journal::Rollback) | (Durability::Strict, _) => Syncing::EachCommit,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(CACHE_BYTES)),
            work: Condvar::new(),
            progress: watch::Sender::new(Progress::Durable(Seq::START)),
            durable: AtomicU64::new(0),
            #[cfg(test)]
            commits: AtomicU64::new(0),
        });
        let writer = Writer::new(connection, shared.clone(), syncing);
        let store = Self {
            shared,
            path,
            vfs: options.vfs,
            readers: Mutex::default(),
            writer: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        };
        Ok((store, writer))
    }
}

/// Takes the data folder for this process alone. The kernel gives it back, however the process ends.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("{} is in use by another gate", data.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// Makes the names in a folder durable, and the folder's own. It may have been made a moment ago, with its parents.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = folder.canonicalize()?;
    File::open(&folder)?.sync_all()?;
    for parent in folder.ancestors().skip(1) {
        // One that this user can't read wasn't made by it either.
        let Ok(parent) = File::open(parent) else { break };
        parent.sync_all()?;
    }
    Ok(())
}
