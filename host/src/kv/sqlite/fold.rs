//! The folder thread: brings what the log has into the store's file, one generation after the other, in few and large
//! transactions: a counter that was written a thousand times is one row, and neighbouring keys share their pages.
//!
//! | effect | crash after it |
//! |---|---|
//! | record in the log (strict: synced) | it is replayed at the next start |
//! | the generation is frozen, records go to the other segment | both segments are replayed |
//! | file: rows and number of the generation, one synced transaction | the generation is over: its segment is ignored |
//! | the frozen table moves to the cache | memory only |
//! | the segment takes records of a newer generation | those continue the file, or the other segment |
//! | at the close: the files of the log are removed | should they come back, their generations are over |
//!
//! It knows no clock: each step is told the time.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::file;
use super::log::files::LogFiles;
use super::shared::{Commit, Shared, Then};
use super::state::Frozen;
use super::writer::FailOnPanic;

/// Entries that are handled in one go under the store's lock.
const CHUNK: usize = 256;
/// When a sync of the log is late: how long until the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// See the module's description.
pub struct Folder {
    pub(super) connection: Connection,
    shared: Arc<Shared>,
    files: Arc<dyn LogFiles>,
    segments: [PathBuf; 2],
}

impl Folder {
    pub fn new(connection: Connection, shared: Arc<Shared>, files: Arc<dyn LogFiles>, segments: [PathBuf; 2]) -> Self {
        Self { connection, shared, files, segments }
    }

    /// Runs until the store is closed, or has failed.
    pub fn run(mut self) {
        let guard = FailOnPanic(self.shared.clone(), "the folder thread panicked");
        while self.wait() {
            match self.step(Instant::now()) {
                Commit::Done => {}
                Commit::Overdue => std::thread::sleep(PAUSE),
                Commit::Failed => break,
            }
        }
        self.finish();
        std::mem::forget(guard);
    }

    /// When the generation has to end.
    pub fn due(&self) -> Option<Instant> {
        self.shared.lock_log().fold_due()
    }

    /// Ends the generation if it is time, and folds it.
    pub fn step(&mut self, now: Instant) -> Commit {
        match self.freeze(now) {
            Commit::Done if !self.fold() => Commit::Failed,
            done => done,
        }
    }

    /// Ends the generation if it is time: its table takes no more writes.
    pub fn freeze(&mut self, now: Instant) -> Commit {
        if self.due().is_some_and(|due| due <= now) { self.freeze_now(now) } else { Commit::Done }
    }

    fn freeze_now(&mut self, now: Instant) -> Commit {
        self.shared.commit(&mut self.shared.lock_log(), now, Then::Freeze)
    }

    /// Brings what is frozen into the file. `false`: it failed, and the store with it.
    pub fn fold(&mut self) -> bool {
        let frozen = {
            let state = self.shared.lock();
            if state.failed.is_some() {
                return false;
            }
            state.frozen.clone()
        };
        let Some(frozen) = frozen else { return true };
        if let Err(error) = self.write(&frozen) {
            self.shared.fail(&format!("the log can't be folded into the store's file: {error}"));
            return false;
        }
        self.cache(frozen);
        true
    }

    fn write(&mut self, frozen: &Frozen) -> rusqlite::Result<()> {
        let mut rows: Vec<_> = frozen.table.entries.iter().collect();
        // As the file has them: each page is touched once.
        rows.sort_unstable_by(|(one, _), (other, _)| one.text().cmp(other.text()));
        let mut needed = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            let filter = &mut self.shared.lock().filter;
            for (key, pending) in chunk {
                match pending.value {
                    // Before the file has it: nobody may miss it there.
                    Some(_) => filter.insert(key.hash()),
                    // Came and went within one generation.
                    None if filter.excludes(key.hash()) => continue,
                    None => {}
                }
                needed.push((*key, pending.value.as_deref()));
            }
        }
        let rows = needed.iter().map(|(key, value)| (key.store(), key.key(), *value));
        file::fold(&mut self.connection, rows, frozen.generation)
    }

    /// The file has it: memory needn't any more, but may.
    fn cache(&self, frozen: Frozen) {
        let entries: Vec<_> = frozen.table.entries.iter().collect();
        for chunk in entries.chunks(CHUNK) {
            let cache = &mut self.shared.lock().cache;
            for (key, pending) in chunk {
                cache.put((*key).clone(), pending.value.clone());
            }
        }
        let mut state = self.shared.lock();
        state.frozen = None;
        state.folds += 1;
        self.shared.tell_of_room(&mut state);
    }

    /// Everything into the file; what is left is laid out as Spin's.
    ///
    /// After a failure nothing is touched: the next start checks the checksums of both logs, ours and SQLite's, a
    /// checkpoint doesn't.
    pub fn finish(mut self) {
        // What is frozen already, then the rest.
        let done = self.fold() && self.freeze_now(Instant::now()) == Commit::Done && self.fold();
        if !done {
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            return;
        }
        for segment in &self.segments {
            if let Err(error) = self.files.remove(segment) {
                tracing::warn!(%error, "{} can't be removed", segment.display());
            }
        }
    }

    /// Waits until the generation has to end. `false`: the store closes, or has failed.
    fn wait(&self) -> bool {
        let mut log = self.shared.lock_log();
        loop {
            {
                let state = self.shared.lock();
                if state.finishing || state.failed.is_some() {
                    return false;
                }
            }
            let left = log.fold_due().map(|due| due.saturating_duration_since(Instant::now()));
            log = match left {
                Some(Duration::ZERO) => return true,
                None => self.shared.folding.wait(log).unwrap_or_else(PoisonError::into_inner),
                Some(left) => self.shared.folding.wait_timeout(log, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}
