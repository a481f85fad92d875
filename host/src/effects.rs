//! External synchrony: what a request has seen or written in the store becomes durable before anything of the request
//! becomes visible outside (Nightingale et al., "Rethink the Sync", OSDI 2006).
//!
//! One wait per external effect instead of one per write: the store commits in groups, and most effects find their writes
//! durable already. What durable means is the store's matter (see [`crate::kv::durability`]); the wait is the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::kv::{KeyValue, KvError, Seq};

/// The newest store position that the requests of one instance depend on.
pub struct Effects {
    kv: Arc<dyn KeyValue>,
    newest: AtomicU64,
}

impl Effects {
    pub fn new(kv: Arc<dyn KeyValue>) -> Self {
        Self { kv, newest: AtomicU64::new(0) }
    }

    /// The store itself.
    pub fn kv(&self) -> &Arc<dyn KeyValue> {
        &self.kv
    }

    /// Records that a request wrote, or read, what becomes durable at `seq`.
    pub fn note(&self, seq: Seq) {
        self.newest.fetch_max(seq.0, Ordering::AcqRel);
    }

    /// Nothing to wait for.
    pub fn is_settled(&self) -> bool {
        self.kv.is_durable(Seq(self.newest.load(Ordering::Acquire)))
    }

    /// Waits until everything noted so far is durable.
    ///
    /// # Errors
    /// The store failed: the effect must not happen.
    pub async fn settled(&self) -> Result<(), KvError> {
        if self.is_settled() {
            return Ok(());
        }
        self.kv.durable(Seq(self.newest.load(Ordering::Acquire))).await
    }
}
