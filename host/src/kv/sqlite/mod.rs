//! The embedded store: acknowledged from memory, committed in groups to one SQLite file.
//!
//! ```text
//! set/increment -> overlay + queue (acknowledged, seq n) -> writer: one transaction -> durable n -> cache
//! get           -> overlay, then cache, then a read connection
//! ```
//!
//! The order of commits is the order of acknowledgements, so a crash leaves a prefix of what was acknowledged. What a commit
//! survives, and so what "durable" means here, is the store's [`Durability`](super::durability::Durability).

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use rusqlite::Connection;
use tokio::sync::watch;

use self::state::{Key, Known, State};
use super::{KeyValue, KvError, KvFuture, Seq, add_to_counter, check_key, check_value};

mod cache;
mod file;
mod keys;
mod open;
mod state;
mod writer;

#[cfg(test)]
mod power_loss;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod throughput;

/// The name Spin gives its own file.
pub const FILE_NAME: &str = "sqlite_key_value.db";
/// Writes waiting for the writer; beyond it callers wait.
const MAX_QUEUED: usize = 64 * 1024;
/// Bytes waiting for the writer; beyond it callers wait.
const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;
const CACHE_BYTES: usize = 64 * 1024 * 1024;
const MAX_IDLE_READERS: usize = 8;

/// How far the writer got.
#[derive(Clone, Debug)]
enum Progress {
    Durable(Seq),
    Failed(Arc<str>),
}

/// Shared with the writer thread.
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    progress: watch::Sender<Progress>,
    /// The same as `progress`, for a look without a lock.
    durable: AtomicU64,
    #[cfg(test)]
    commits: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The lock guards plain map and vector operations; a panic between them would be a bug in those.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module's description.
pub struct SqliteStore {
    shared: Arc<Shared>,
    path: PathBuf,
    vfs: Option<&'static str>,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held until the store is closed: two gates on one file would each trust their own memory.
    lock: Mutex<Option<File>>,
}

impl SqliteStore {
    /// Waits while too much is queued.
    async fn admit(&self) -> Result<(), KvError> {
        let mut progress = None;
        loop {
            {
                let state = self.shared.lock();
                if let Some(message) = &state.failed {
                    return Err(KvError::Failed(message.clone()));
                }
                if state.queue.len() < MAX_QUEUED && state.queued_bytes < MAX_QUEUED_BYTES {
                    return Ok(());
                }
            }
            let receiver = progress.get_or_insert_with(|| self.shared.progress.subscribe());
            // The sender lives in `shared`: it can't go away.
            let _ = receiver.changed().await;
        }
    }

    /// Looks a key up and hands its value to `then`, under the lock, with nothing able to come in between.
    fn with_current<T>(
        &self,
        key: Key,
        then: impl FnOnce(&mut State, Key, Option<Bytes>, Seq) -> Result<T, KvError>,
    ) -> Result<T, KvError> {
        loop {
            let rotations = {
                let mut state = self.shared.lock();
                if let Some(message) = &state.failed {
                    return Err(KvError::Failed(message.clone()));
                }
                match state.lookup(&key) {
                    Known::Value(value, seq) => return then(&mut state, key, value, seq),
                    Known::Unknown => state.cache.rotations(),
                }
            };
            let value = self.with_reader(|connection| file::read(connection, &key))?;
            let mut state = self.shared.lock();
            // Written meanwhile, or the cache has turned over: what was read may be old. Look again.
            if matches!(state.lookup(&key), Known::Unknown) && state.cache.rotations() == rotations {
                state.cache.put(key.clone(), value);
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

    /// Acknowledges one write. The queue was empty: the writer may be asleep.
    fn push(&self, state: &mut State, key: Key, value: Option<Bytes>) -> Result<Seq, KvError> {
        if let Some(message) = &state.failed {
            return Err(KvError::Failed(message.clone()));
        }
        if state.closing {
            return Err(KvError::Failed("the store is closed".into()));
        }
        let seq = state.push(key, value);
        if state.queue.len() == 1 {
            self.shared.work.notify_one();
        }
        Ok(seq)
    }

    async fn write(&self, key: Key, value: Option<Bytes>) -> Result<Seq, KvError> {
        check_key(key.key())?;
        check_value(value.as_deref().unwrap_or_default())?;
        self.admit().await?;
        self.push(&mut self.shared.lock(), key, value)
    }

    async fn add(&self, key: Key, delta: i64) -> Result<(i64, Seq), KvError> {
        check_key(key.key())?;
        self.admit().await?;
        self.with_current(key, |state, key, current, seen| {
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

    fn read(&self, key: Key) -> Result<(Option<Bytes>, Seq), KvError> {
        self.with_current(key, |_, _, value, seq| Ok((value, seq)))
    }
}

impl KeyValue for SqliteStore {
    fn get<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
        Box::pin(async move { self.read(Key::new(store, key)) })
    }

    fn set<'a>(&'a self, store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq> {
        Box::pin(self.write(Key::new(store, key), Some(value)))
    }

    fn delete<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, Seq> {
        Box::pin(self.write(Key::new(store, key), None))
    }

    fn exists<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)> {
        Box::pin(async move {
            let (value, seq) = self.read(Key::new(store, key))?;
            Ok((value.is_some(), seq))
        })
    }

    fn increment<'a>(&'a self, store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)> {
        Box::pin(self.add(Key::new(store, key), delta))
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
        self.shared.durable.load(Ordering::Acquire) >= seq.0
    }

    fn durable(&self, seq: Seq) -> KvFuture<'_, ()> {
        Box::pin(async move {
            if self.is_durable(seq) {
                return Ok(());
            }
            let mut progress = self.shared.progress.subscribe();
            let reached = progress
                .wait_for(|progress| !matches!(progress, Progress::Durable(durable) if *durable < seq))
                .await
                .map(|progress| progress.clone());
            match reached {
                Ok(Progress::Durable(_)) => Ok(()),
                // A commit failed, but an earlier one may have covered this write.
                Ok(Progress::Failed(_)) if self.is_durable(seq) => Ok(()),
                Ok(Progress::Failed(message)) => Err(KvError::Failed(message)),
                Err(_) => Err(KvError::Failed("the store is closed".into())),
            }
        })
    }

    fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
        self.lock_readers().clear();
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}
