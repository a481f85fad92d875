//! The writer thread: commits for those who can't do it themselves, takes along what nobody waits for, and syncs.
//!
//! It knows no clock: each step is told the time.

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::shared::{Commit, Shared, Then};

/// How long a write may stay out of the log that nobody waits for. Until then the next commit takes it along.
const LINGER: Duration = Duration::from_millis(10);

/// See the module's description.
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Runs until the store is closed, or a commit or a sync fails.
    pub fn run(mut self) {
        // A panic in here would leave every waiter hanging. Telling them that the store failed is the truth.
        let guard = FailOnPanic(self.shared.clone(), "the writer thread panicked");
        while self.wait() && self.step(Instant::now()) {}
        self.finish();
        std::mem::forget(guard);
    }

    /// Commits what is queued, after the sync that is due. `false`: it failed, and the store with it.
    ///
    /// The sync comes first, so that no commit is shown while an older one is overdue.
    pub fn step(&mut self, now: Instant) -> bool {
        if self.due().is_some_and(|due| due <= now) && !self.sync() {
            return false;
        }
        self.shared.commit(&mut self.shared.lock_log(), now, Then::GoOn) != Commit::Failed
    }

    /// The last sync, if one is still owed.
    pub fn finish(&mut self) {
        if self.due().is_some() && self.shared.lock().failed.is_none() {
            self.sync();
        }
    }

    /// When the next sync has to be.
    pub fn due(&self) -> Option<Instant> {
        self.shared.lock_log().due()
    }

    /// Commits go on meanwhile. Crash in here: some of what was unsynced is on disk, and the checksums end the log at the
    /// first gap.
    fn sync(&mut self) -> bool {
        let files = self.shared.lock_log().begin_sync();
        let synced: io::Result<()> = files.iter().try_for_each(|file| file.sync());
        match synced {
            Ok(()) => self.shared.lock_log().synced(),
            // Not retried: after a failed sync the kernel may have dropped the pages, and a second try would "succeed".
            Err(error) => self.shared.fail(&format!("the log can't be synced: {error}")),
        }
        self.shared.lock().failed.is_none()
    }

    /// Waits for work or for the next sync. `false`: closed, or failed, and nothing is left to be done.
    fn wait(&self) -> bool {
        let mut lingered = false;
        loop {
            // Both locks: else a commit could be between them, its writes in neither.
            let log = self.shared.lock_log();
            let mut state = self.shared.lock();
            let queued = state.queue.writes() > 0;
            if state.failed.is_some() {
                return false;
            }
            if queued && (state.hurry || state.closing || lingered) {
                return true;
            }
            let left = log.due().map(|due| due.saturating_duration_since(Instant::now()));
            drop(log);
            if left == Some(Duration::ZERO) {
                return true;
            }
            if state.closing {
                return false;
            }
            let left = if queued { Some(LINGER) } else { left };
            match left {
                None => {
                    state.writer_sleeps = true;
                    let mut state = self.shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.writer_sleeps = false;
                }
                Some(left) => {
                    state.writer_sleeps = !queued;
                    let waited = self.shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                    lingered = queued && waited.1.timed_out();
                    let mut state = waited.0;
                    state.writer_sleeps = false;
                }
            }
        }
    }
}

/// Fails the store when a thread ends that mustn't.
pub struct FailOnPanic(pub Arc<Shared>, pub &'static str);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        self.0.fail(self.1);
    }
}
