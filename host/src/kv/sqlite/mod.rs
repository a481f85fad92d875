//! The embedded store: acknowledged from memory, durable in a log, and kept in one SQLite file.
//!
//! ```text
//! set/increment -> table + queue (acknowledged, seq n) -> commit: one record in the log -> durable n
//!                  table, once a second -> folder: one transaction on the file -> cache
//! get           -> tables, then cache, then the filter of keys that are nowhere, then a read connection
//! ```
//!
//! The order of records is the order of acknowledgements, so a crash leaves a prefix of what was acknowledged. What a record
//! survives, and so what "durable" means here, is the store's [`Durability`](super::durability::Durability). What happens
//! when the store dies between two effects is written down in [`fold`].

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use futures::future;
use rusqlite::Connection;

use self::key::KeyRef;
use self::shared::Shared;
use self::state::{Known, State};
use super::{KeyValue, KvError, KvFuture, Seq, add_to_counter, check_key, check_value};
use crate::metrics::histogram::Histogram;

pub mod backup;
mod cache;
mod file;
mod filter;
mod fold;
mod key;
mod keys;
mod learn;
mod log;
mod open;
mod progress;
mod settle;
mod shared;
mod state;
mod writer;

pub use self::log::record::Logged;
pub use self::log::replay::Replay;

#[cfg(test)]
mod power_loss;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod throughput;

/// The name Spin gives its own file.
pub const FILE_NAME: &str = "sqlite_key_value.db";
/// Writes waiting for the log; beyond it callers wait.
const MAX_QUEUED: usize = 64 * 1024;
/// Bytes waiting for the log; beyond it callers wait.
const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;
/// Bytes waiting for the file; beyond it callers wait.
const MAX_UNFOLDED_BYTES: usize = 128 * 1024 * 1024;
const CACHE_BYTES: usize = 64 * 1024 * 1024;
const MAX_IDLE_READERS: usize = 8;

/// See the module's description.
pub struct SqliteStore {
    shared: Arc<Shared>,
    path: PathBuf,
    vfs: Option<&'static str>,
    readers: Mutex<Vec<Connection>>,
    threads: Mutex<Threads>,
    /// Held until the store is closed: two gates on one file would each trust their own memory.
    lock: Mutex<Option<File>>,
}

#[derive(Default)]
struct Threads {
    writer: Option<JoinHandle<()>>,
    folder: Option<JoinHandle<()>>,
    learner: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Looks a key up and hands its value to `then`, under the lock, with nothing able to come in between.
    fn with_current<T>(
        &self,
        key: &KeyRef<'_>,
        then: impl FnOnce(&mut State, Option<Bytes>, Seq) -> Result<T, KvError>,
    ) -> Result<T, KvError> {
        loop {
            let moves = {
                let mut state = self.shared.lock();
                state.check()?;
                match state.lookup(key) {
                    Known::Value(value, seq) => return then(&mut state, value, seq),
                    Known::Unknown => state.moves(),
                }
            };
            let value = self.with_reader(|connection| file::read(connection, key))?;
            let mut state = self.shared.lock();
            // Written meanwhile, or moved on: what was read may be old. Look again.
            if matches!(state.lookup(key), Known::Unknown) && state.moves() == moves {
                state.cache.put(key.to_key(), value);
            }
        }
    }

    fn with_reader<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, KvError> {
        let io = |error: rusqlite::Error| KvError::Io(error.to_string().into());
        let idle = self.lock_readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => file::open_reader(&self.path, self.vfs).map_err(io)?,
        };
        let result = read(&connection).map_err(io);
        let mut readers = self.lock_readers();
        if readers.len() < MAX_IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    fn lock_readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acknowledges one write.
    fn push(&self, state: &mut State, key: &KeyRef<'_>, value: Option<Bytes>) -> Result<Seq, KvError> {
        state.check()?;
        if state.closing {
            return Err(KvError::Failed("the store is closed".into()));
        }
        let seq = state.push(key, value);
        if state.writer_sleeps {
            state.writer_sleeps = false;
            self.shared.work.notify_one();
        }
        Ok(seq)
    }

    /// Does `write` when there is room: almost always at once, without a future of its own.
    fn when_there_is_room<'a, T: Send + 'a>(
        &'a self,
        write: impl FnOnce(&Self) -> Result<T, KvError> + Send + 'a,
    ) -> KvFuture<'a, T> {
        if !self.shared.lock().is_full() {
            return Box::pin(future::ready(write(self)));
        }
        Box::pin(async move {
            self.shared.room().await?;
            write(self)
        })
    }

    fn write<'a>(&'a self, store: &'a str, key: &'a str, value: Option<Bytes>) -> KvFuture<'a, Seq> {
        if let Err(error) = check_key(key).and_then(|()| check_value(value.as_deref().unwrap_or_default())) {
            return Box::pin(future::err(error));
        }
        let key = KeyRef::new(store, key);
        self.when_there_is_room(move |store| store.push(&mut store.shared.lock(), &key, value))
    }

    fn add(&self, key: &KeyRef<'_>, delta: i64) -> Result<(i64, Seq), KvError> {
        check_key(key.key)?;
        self.with_current(key, |state, current, seen| {
            let value = add_to_counter(current.as_deref(), delta)?;
            if delta == 0 && current.is_some() {
                // A look at a counter changes nothing, so there is nothing to write; it only has to outlive what it saw.
                return Ok((value, seen));
            }
            let bytes = Bytes::copy_from_slice(&value.to_le_bytes());
            let seq = self.push(state, key, Some(bytes))?;
            Ok((value, seq))
        })
    }

    fn read(&self, store: &str, key: &str) -> Result<(Option<Bytes>, Seq), KvError> {
        self.with_current(&KeyRef::new(store, key), |_, value, seq| Ok((value, seq)))
    }
}

impl KeyValue for SqliteStore {
    fn get<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
        Box::pin(future::ready(self.read(store, key)))
    }

    fn set<'a>(&'a self, store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq> {
        self.write(store, key, Some(value))
    }

    fn delete<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, Seq> {
        self.write(store, key, None)
    }

    fn exists<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)> {
        Box::pin(future::ready(self.read(store, key).map(|(value, seq)| (value.is_some(), seq))))
    }

    fn increment<'a>(&'a self, store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)> {
        let key = KeyRef::new(store, key);
        self.when_there_is_room(move |store| store.add(&key, delta))
    }

    fn list_keys<'a>(
        &'a self,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> KvFuture<'a, (Vec<String>, Seq)> {
        Box::pin(async move { self.page(store, after, limit) })
    }

    fn is_durable(&self, seq: Seq) -> bool {
        self.shared.progress.has_reached(seq)
    }

    fn durable(&self, seq: Seq) -> KvFuture<'_, ()> {
        if self.is_durable(seq) {
            return Box::pin(future::ok(()));
        }
        Box::pin(self.shared.durable(seq))
    }

    fn commits(&self) -> Option<&Histogram> {
        Some(&self.shared.commits_took)
    }

    fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // In this order: the log gets everything, then the file, which is left alone if nobody reads it any more.
        for thread in [threads.writer, threads.learner].into_iter().flatten() {
            let _ = thread.join();
        }
        self.lock_readers().clear();
        self.shared.lock().finishing = true;
        self.shared.wake_folder();
        if let Some(folder) = threads.folder {
            let _ = folder.join();
        }
        if let Some(lock) = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Not left to the closing of the file: a process that is being started just now has it open for a moment too.
            let _ = lock.unlock();
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}
