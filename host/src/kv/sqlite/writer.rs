//! The single writer: takes everything that has queued up, commits it as one transaction, and publishes how far the store
//! is durable. While one commit waits for the disk the next group gathers, so the group size follows the load.
//!
//! It knows no clock: each step is told the time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::state::Write;
use super::{Progress, Shared, file};

/// When what is committed reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncing {
    /// With the commit.
    EachCommit,
    /// So long after the commit at most; all that has come together by then, at once.
    Within(Duration),
}

/// See the module's description.
pub struct Writer {
    pub(super) connection: Connection,
    pub(super) shared: Arc<Shared>,
    syncing: Syncing,
    /// When the oldest commit began that only the kernel has.
    unsynced_since: Option<Instant>,
}

impl Writer {
    pub fn new(connection: Connection, shared: Arc<Shared>, syncing: Syncing) -> Self {
        Self { connection, shared, syncing, unsynced_since: None }
    }

    /// Runs until the store is closed, or a commit or a sync fails.
    pub fn run(mut self) {
        // A panic in here would leave every waiter hanging. Telling them that the store failed is the truth.
        let guard = FailOnPanic(self.shared.clone());
        while self.wait() && self.step(Instant::now()) {}
        self.finish();
        std::mem::forget(guard);
    }

    /// Commits what is queued, after the sync that is due. `false`: it failed, and the store with it.
    ///
    /// The sync comes first, so that no commit is shown while an older one is overdue.
    pub fn step(&mut self, now: Instant) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        let synced = if due { self.sync() } else { Ok(()) };
        let done = synced.and_then(|()| self.commit(now));
        self.survives(done)
    }

    /// The last sync, if one is still owed.
    fn finish(&mut self) {
        if self.unsynced_since.is_some() {
            let done = self.sync();
            self.survives(done);
        }
    }

    fn survives(&mut self, done: rusqlite::Result<()>) -> bool {
        let Err(error) = done else { return true };
        // Not retried: after a failed fsync the kernel may have dropped the pages, and a second try would "succeed". Nor
        // does the closing fold the log into the file: the next start checks the log's checksums, a checkpoint doesn't.
        self.unsynced_since = None;
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        fail(&self.shared, &error.to_string());
        false
    }

    /// When the next sync has to be.
    pub fn due(&self) -> Option<Instant> {
        match self.syncing {
            Syncing::EachCommit => None,
            Syncing::Within(time) => self.unsynced_since.map(|since| since + time),
        }
    }

    fn commit(&mut self, now: Instant) -> rusqlite::Result<()> {
        let batch = self.take();
        let Some(last) = batch.last().map(|write| write.seq) else {
            return Ok(());
        };
        // Crash before the commit returns: the whole batch is absent, nobody outside has seen an effect of it.
        file::commit(&mut self.connection, &batch)?;
        // Crash from here on: the batch is there, and whether it was published makes no difference. Loss of power: the same
        // if each commit is synced; else this batch is lost with all others since the last sync, never an earlier one.
        if let Syncing::Within(_) = self.syncing {
            self.unsynced_since.get_or_insert(now);
        }
        #[cfg(test)]
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        self.shared.lock().publish(batch);
        // In this order: whoever is woken finds it so.
        self.shared.durable.store(last.0, Ordering::Release);
        self.shared.progress.send_replace(Progress::Durable(last));
        Ok(())
    }

    /// Crash in here: some of what was unsynced is on disk, and the log's checksums end it at the first gap.
    fn sync(&mut self) -> rusqlite::Result<()> {
        file::sync_log(&self.connection)?;
        self.unsynced_since = None;
        Ok(())
    }

    fn take(&self) -> Vec<Write> {
        let mut state = self.shared.lock();
        state.queued_bytes = 0;
        std::mem::take(&mut state.queue)
    }

    /// Waits for work or for the next sync. `false`: closed, and nothing is left.
    fn wait(&self) -> bool {
        let mut state = self.shared.lock();
        loop {
            if !state.queue.is_empty() {
                return true;
            }
            let left = self.due().map(|due| due.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return true;
            }
            if state.closing {
                return false;
            }
            state = match left {
                None => self.shared.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => self.shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

/// Stops the store for good: every later operation and every wait ends with this error.
fn fail(shared: &Shared, message: &str) {
    tracing::error!(error = message, "a commit failed: the key-value store refuses everything until a restart");
    let message: Arc<str> = message.into();
    shared.lock().failed = Some(message.clone());
    shared.progress.send_replace(Progress::Failed(message));
}

struct FailOnPanic(Arc<Shared>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        fail(&self.0, "the writer thread panicked");
    }
}
