//! The core of the audit log: one entry for every settled permit, in one order for the whole deployment.
//!
//! [`append`] stages an entry durably, [`sequence`] gives staged entries their place, [`totals`] sums them up and
//! [`Snapshot`] lists them. Staged entries count and show at once; they only have no number yet.

mod append;
mod batch;
mod entry;
mod list;
mod places;
mod sequence;
mod state;
mod totals;

pub use append::{append, stage_of};
pub use entry::{Entry, VERSION, View};
pub use list::{Cursor, Filter, Item, MAX_SCAN, Period, Position, Snapshot, find};
pub use sequence::{GRACE_MS, LEASE_MS, MAX_RUN, Progress, progress, sequence};
pub use totals::{Scope, Share, Totals, totals};
