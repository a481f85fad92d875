//! How far the store is durable, and who waits for more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::kv::{KvError, Seq};

/// From so many waiters on, those who have gone away are looked for.
const MANY: usize = 1024;

/// The writes up to a position are durable; at some point there may never be more.
#[derive(Default)]
pub struct Progress {
    durable: AtomicU64,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    waiting: Vec<(Seq, oneshot::Sender<()>)>,
    failed: Option<Arc<str>>,
}

impl Progress {
    pub fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }

    pub fn has_reached(&self, seq: Seq) -> bool {
        self.durable() >= seq
    }

    /// Wakes those whose position is reached, and nobody else.
    pub fn publish(&self, seq: Seq) {
        // In this order: whoever is woken, or comes to wait later, finds it so.
        self.durable.store(seq.0, Ordering::Release);
        let mut waiters = self.lock();
        if !waiters.waiting.is_empty() {
            for (_, waiter) in waiters.waiting.extract_if(.., |(wanted, _)| *wanted <= seq) {
                let _ = waiter.send(());
            }
        }
    }

    /// Nothing more will be durable.
    pub fn fail(&self, message: Arc<str>) {
        let mut waiters = self.lock();
        waiters.failed = Some(message);
        // They find their senders dropped.
        waiters.waiting.clear();
    }

    /// Waits until `seq` is durable.
    pub async fn reach(&self, seq: Seq) -> Result<(), KvError> {
        let reached = {
            let mut waiters = self.lock();
            if self.has_reached(seq) {
                return Ok(());
            }
            if let Some(message) = &waiters.failed {
                return Err(KvError::Failed(message.clone()));
            }
            if waiters.waiting.len() >= MANY {
                waiters.waiting.retain(|(_, waiter)| !waiter.is_closed());
            }
            let (sender, receiver) = oneshot::channel();
            waiters.waiting.push((seq, sender));
            receiver
        };
        match reached.await {
            Ok(()) => Ok(()),
            Err(_) => Err(KvError::Failed(self.lock().failed.clone().unwrap_or_else(|| "the store is closed".into()))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        // Plain vector operations.
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt;

    use super::*;

    #[test]
    fn wakes_those_who_are_reached_and_tells_the_others_of_a_failure() {
        let progress = Progress::default();
        let (mut first, mut second) = (pin!(progress.reach(Seq(1))), pin!(progress.reach(Seq(2))));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        progress.publish(Seq(1));
        assert_eq!(first.now_or_never(), Some(Ok(())));
        assert!(second.as_mut().now_or_never().is_none());
        progress.fail("full".into());
        let failed = Err(KvError::Failed("full".into()));
        assert_eq!(second.now_or_never(), Some(failed.clone()));
        assert_eq!(progress.reach(Seq(3)).now_or_never(), Some(failed));
        assert_eq!(progress.reach(Seq(1)).now_or_never(), Some(Ok(())), "as durable as ever");
    }
}
