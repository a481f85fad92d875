//! Money that can't leak, over real HTTP: exact caps under storms, queues in order, crashes that heal, and input that
//! makes no sense.
//!
//! The scenarios run side by side, each on a gate of its own or with tenants of its own.

mod bursts;
mod caps_moved;
mod hang_ups;
mod healing;
mod ladder;
mod lazily;
mod ledger;
mod money_input;
mod queue_keys;
mod queueing;
mod storms;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by who loads the machine and by who looks at the clock: on a small machine each would be the other's noise.
fn machine() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}
