//! What the store's callers and its threads share, and the one way in which writes become durable.
//!
//! A commit takes everything that is queued and makes it one record of the log. Relaxed, whoever waits for durability does
//! this itself: a write into the kernel's memory takes a few microseconds, less than to wake a thread. Strict, the writer
//! thread does it for all who wait, because the sync takes long; meanwhile the next group gathers.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::log::{Log, Syncing};
use super::progress::Progress;
use super::state::State;
use crate::kv::{KvError, Seq};
use crate::metrics::histogram::{Histogram, STEPS};

/// Memory that the queue keeps from one commit to the next.
const KEPT_BYTES: usize = 1024 * 1024;

/// Locks are taken in the order of the fields, and `log` before `state`.
pub struct Shared {
    pub log: Mutex<Log>,
    pub state: Mutex<State>,
    /// For the writer: something is queued, or somebody is in a hurry, or the store closes.
    pub work: Condvar,
    /// For the folder, with `log`: a generation has begun, or is large.
    pub folding: Condvar,
    pub progress: Progress,
    /// The queue, or the tables, have got shorter.
    pub room: Notify,
    /// How long it took to write a record, and where each is synced, to sync it.
    pub commits_took: Histogram,
    #[cfg(test)]
    pub commits: std::sync::atomic::AtomicU64,
}

/// Whether the generation ends with this commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    GoOn,
    Freeze,
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Done,
    /// Not now: a sync is late. The writer thread commits after it.
    Overdue,
    Failed,
}

impl Shared {
    pub fn new(log: Log, state: State) -> Self {
        Self {
            log: Mutex::new(log),
            state: Mutex::new(state),
            work: Condvar::new(),
            folding: Condvar::new(),
            progress: Progress::default(),
            room: Notify::new(),
            commits_took: Histogram::new(&STEPS),
            #[cfg(test)]
            commits: Default::default(),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        // The lock guards plain map and vector operations; a panic between them would be a bug in those.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lock_log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything that is queued durable, as one record.
    pub fn commit(&self, log: &mut Log, now: Instant, then: Then) -> Commit {
        if log.is_overdue(now) {
            return Commit::Overdue;
        }
        let (last, frozen) = {
            let mut state = self.lock();
            if state.failed.is_some() {
                return Commit::Failed;
            }
            log.take(&mut state.queue);
            state.taken = state.last;
            state.hurry = false;
            // A generation without records would leave a gap between its neighbours.
            let frozen = then == Then::Freeze && state.frozen.is_none() && !log.is_empty();
            if frozen {
                state.freeze(log.generation());
            }
            self.tell_of_room(&mut state);
            (state.last, frozen)
        };
        // Crash before the record is written, or synced: the whole group is absent, nobody outside has seen an effect of it.
        match self.write(log, last, now, frozen) {
            // Crash from here on: the group is there, and whether it was published makes no difference. Loss of power: the
            // same if each record is synced; else this one is lost with all others since the last sync, never an older one.
            Ok(()) => self.progress.publish(last),
            Err(error) => {
                self.fail(&error.to_string());
                return Commit::Failed;
            }
        }
        Commit::Done
    }

    fn write(&self, log: &mut Log, last: Seq, now: Instant, frozen: bool) -> io::Result<()> {
        if log.has_taken() {
            let started = Instant::now();
            let look = log.append(last, now)?;
            self.commits_took.observe_since(started);
            if look {
                self.folding.notify_one();
            }
            log.shrink(KEPT_BYTES);
            #[cfg(test)]
            self.commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        if frozen { log.switch() } else { Ok(()) }
    }

    /// Waits until `seq` is durable.
    pub async fn durable(&self, seq: Seq) -> Result<(), KvError> {
        let committed = self.commit_for(seq);
        if self.progress.has_reached(seq) {
            return Ok(());
        }
        if committed == Commit::Failed {
            self.lock().check()?;
        }
        self.hurry(seq);
        self.progress.reach(seq).await
    }

    /// By the caller itself, where that is quick.
    fn commit_for(&self, seq: Seq) -> Commit {
        let mut log = self.lock_log();
        // Whoever had the lock may have done it.
        if log.syncing == Syncing::EachRecord || self.progress.has_reached(seq) {
            return Commit::Overdue;
        }
        self.commit(&mut log, Instant::now(), Then::GoOn)
    }

    /// By the writer thread.
    pub fn hurry(&self, seq: Seq) {
        let mut state = self.lock();
        if state.taken < seq && !state.hurry {
            state.hurry = true;
            self.work.notify_one();
        }
    }

    /// Waits until there is room for another write.
    pub async fn room(&self) -> Result<(), KvError> {
        loop {
            let mut changed = std::pin::pin!(self.room.notified());
            changed.as_mut().enable();
            let last = {
                let mut state = self.lock();
                state.check()?;
                if !state.is_full() {
                    return Ok(());
                }
                state.crowded = true;
                state.last
            };
            self.wake_folder();
            if self.commit_for(last) != Commit::Done {
                self.hurry(last);
            }
            changed.await;
        }
    }

    /// It has to look whether there is something to do.
    pub fn wake_folder(&self) {
        let _log = self.lock_log();
        self.folding.notify_one();
    }

    /// Under the lock; those who wait look for themselves.
    pub fn tell_of_room(&self, state: &mut State) {
        if std::mem::take(&mut state.crowded) {
            self.room.notify_waiters();
        }
    }

    /// Stops the store for good: every later operation and every wait ends with this error.
    pub fn fail(&self, message: &str) {
        tracing::error!(error = message, "a commit failed: the key-value store refuses everything until a restart");
        let message: std::sync::Arc<str> = message.into();
        let mut state = self.lock();
        state.failed.get_or_insert(message.clone());
        self.work.notify_one();
        drop(state);
        self.folding.notify_one();
        self.room.notify_waiters();
        self.progress.fail(message);
    }
}
