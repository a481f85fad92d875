//! WHK-1 to WHK-4 in the large: a storm of webhooks with repeats, forgeries and kills, after which every event has had
//! exactly one effect.
//!
//! A target of its own, so that nothing else is on the machine while it runs.

mod corrections;
mod jobs;
mod kept;
mod live;
mod nodes;
mod storm;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One storm at a time: on a small machine two of them would be each other's noise.
fn machine() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}
