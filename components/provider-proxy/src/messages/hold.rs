//! The right to be at a message, kept for as long as the work on it takes.

use std::{pin::pin, time::Duration};

use futures::future::{Either, select};
use kv_schemas::{Lease, StoreError};
use messaging::{BEAT_MS, State};
use shell::{KeyValue, host};

/// The right.
pub struct Hold<'a> {
    store: &'a KeyValue,
    id: &'a str,
    lease: Lease,
}

impl<'a> Hold<'a> {
    /// `None`: somebody is at it.
    pub fn take(store: &'a KeyValue, id: &'a str) -> Result<Option<Self>, StoreError> {
        let lease = messaging::lease(store, id, host::now())?;
        Ok(lease.map(|lease| Self { store, id, lease }))
    }

    /// Waits for `work`, saying every few seconds that we are alive. A store that doesn't hear it is no reason to stop:
    /// before anything is done with the outcome, [`Hold::note`] asks whether we still have the right.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match select(work.as_mut(), pin!(spin_sdk::time::sleep(Duration::from_millis(BEAT_MS)))).await {
                Either::Left((outcome, _)) => return outcome,
                Either::Right(_) => {
                    if let Err(error) = messaging::keep(self.store, self.id, &self.lease, host::now()) {
                        shell::warn!("lease", about = self.id, error = error);
                    }
                }
            }
        }
    }

    /// Writes how far it is, if nobody else is at it. `false`: somebody is, and it is theirs.
    pub fn note(&self, state: &State) -> Result<bool, StoreError> {
        if !self.lease.holds(self.store)? {
            return Ok(false);
        }
        messaging::state(self.id).set(self.store, state)?;
        // What if somebody took over in between? They read either state; who reads this one is where we are, and we stop.
        self.lease.holds(self.store)
    }

    /// Lets the next one in. Failing to is no failure: the lease runs out.
    pub fn release(self) {
        if let Err(error) = self.lease.release(self.store) {
            shell::warn!("lease", about = self.id, error = error);
        }
    }
}
