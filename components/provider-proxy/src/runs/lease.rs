//! The right to change a run: one at a time, for a few moments. No vendor is waited for meanwhile.

use std::{rc::Rc, time::Duration};

use calendar::SECOND;
use kv_schemas::Lease;
use runs::store;
use shell::{KeyValue, Kind, Problem, host, offline};

use super::refuse::busy;

/// How long a request waits for it.
const PATIENCE_MS: u64 = 5 * SECOND;
/// How often it is asked for meanwhile.
const POLL: Duration = Duration::from_millis(40);

/// The right, and a store that only works as long as nobody else can have it.
pub struct Held {
    lease: Lease,
    run: String,
    taken: calendar::Millis,
    pub store: Rc<KeyValue>,
}

impl Held {
    /// `None`: somebody else is changing it.
    pub fn take(run: &str) -> Result<Option<Self>, Problem> {
        // Opened first: its time is over before the lease's is.
        let store = KeyValue::open_for(Duration::from_millis(store::HOLD_MS)).map_err(|error| offline(&error))?;
        let taken = host::now();
        let lease = store::lease(&store, run, taken).map_err(|error| offline(&error))?;
        Ok(lease.map(|lease| Self { lease, run: run.into(), taken, store: Rc::new(store) }))
    }

    /// The same, waiting for a while.
    pub async fn wait_for(run: &str) -> Result<Self, Problem> {
        let begun = host::now();
        loop {
            if let Some(held) = Self::take(run)? {
                return Ok(held);
            }
            if host::now().since(begun) >= PATIENCE_MS {
                let message = "The run is being changed by somebody else. Try again in a moment.";
                return Err(busy(Problem::new(Kind::Offline, "run_busy", message), 2 * SECOND));
            }
            spin_sdk::time::sleep(POLL).await;
        }
    }

    /// Lets the next one in. Failing to is no failure: the lease runs out.
    pub fn release(self) {
        let Self { lease, run, taken, store } = self;
        if host::now().since(taken) >= store::HOLD_MS {
            // It may be another's by now.
            return;
        }
        if let Err(error) = lease.release_alone(&*store) {
            shell::warn!("lease", about = run, error = error);
        }
    }
}
