//! How many there were of each kind, for metrics. A crash may lose a count or repeat one: nothing hangs on them.

use kv_schemas::{Counter, Store, StoreError, families};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Deliveries whose signature is good.
    Verified,
    /// Deliveries that are not believed.
    Rejected,
    /// Verified deliveries of an event that was there already.
    Duplicate,
    /// Effects that failed, each attempt.
    Failed,
    /// Events that became dead letters.
    Dead,
}

impl Counted {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Verified, Self::Rejected, Self::Duplicate, Self::Failed, Self::Dead];

    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// One more. No delivery fails because it couldn't be counted.
    pub fn count(self, store: &dyn Store) {
        let _uncounted = self.counter().add(store, 1);
    }

    /// How many there were.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn read(self, store: &dyn Store) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.counter().read(store)?).unwrap_or(0))
    }

    fn counter(self) -> Counter {
        families::WEBHOOK_COUNT.counter(&[self.name()])
    }
}
