//! The single writer: takes everything that has queued up, commits it as one transaction, and publishes how far the store
//! is durable. While one commit waits for the disk the next group gathers, so the group size follows the load.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Progress, Shared, file};

/// Runs until the store is closed or a commit fails.
pub fn run(mut connection: Connection, shared: &Arc<Shared>) {
    // A panic in here would leave every waiter hanging. Telling them that the store failed is the truth.
    let guard = FailOnPanic(shared);
    while let Some(batch) = next_batch(shared) {
        let Some(last) = batch.last().map(|write| write.seq) else {
            continue;
        };
        // Crash before the commit returns: the whole batch is absent, nobody outside has seen an effect of it.
        if let Err(error) = file::commit(&mut connection, &batch) {
            // Not retried: after a failed fsync the kernel may have dropped the pages, and a second try would "succeed".
            fail(shared, &error.to_string());
            break;
        }
        // Crash from here on: the batch is on disk, and whether it was published makes no difference.
        #[cfg(test)]
        shared.commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        shared.lock().publish(batch);
        shared.progress.send_replace(Progress::Durable(last));
        shared.durable.store(last.0, std::sync::atomic::Ordering::Release);
    }
    std::mem::forget(guard);
}

/// Waits for work and takes all of it. `None`: closed, and nothing is left.
fn next_batch(shared: &Shared) -> Option<Vec<super::state::Write>> {
    let mut state = shared.lock();
    loop {
        if !state.queue.is_empty() {
            state.queued_bytes = 0;
            return Some(std::mem::take(&mut state.queue));
        }
        if state.closing {
            return None;
        }
        state = shared.work.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

/// Stops the store for good: every later operation and every wait ends with this error.
fn fail(shared: &Shared, message: &str) {
    tracing::error!(error = message, "a commit failed: the key-value store refuses everything until a restart");
    let message: Arc<str> = message.into();
    shared.lock().failed = Some(message.clone());
    shared.progress.send_replace(Progress::Failed(message));
}

struct FailOnPanic<'a>(&'a Arc<Shared>);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        fail(self.0, "the writer thread panicked");
    }
}
