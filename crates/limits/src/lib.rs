//! The limits protocol: reserve the worst case, charge what was used, close, release, reap.
//!
//! Every function is one straight sequence of store operations, so that the order of effects reads top to bottom. The
//! rule behind the order: a crash between any two operations leaves capacity over-reserved, never over-spent.
//!
//! ```text
//! reserve ──▶ Reserving ──▶ Held ──▶ Charged ──▶ Closed      (charge decides the cost, close gives back the rest)
//!                 │           └────▶ Released                 (the vendor was not called)
//!                 └─▶ Denied
//! correct ──▶ Reserving ──▶ Charged ──▶ Closed                (a cost is put right)
//! ```

mod correct;
mod correction;
mod denied;
mod denied_days;
mod error;
mod holds;
mod intent;
mod keyed;
mod meter;
mod payers;
mod permit;
mod priced;
mod queue;
mod rate;
mod reaper;
mod reservation;
mod reserve;
mod settle;
mod short;
mod units;

pub use correct::correct;
pub use correction::{Amount, Corrected, Correction};
pub use denied::{LIMITERS, count_denial, denials, reasons};
pub use denied_days::denials_on;
pub use error::{Denial, DenialKind, Fault};
pub use holds::{Hold, Remaining, Rung, standing};
pub use meter::{Meter, Scope};
pub use permit::{Charge, Holder, Permit, Settlement, State, Used, permit};
pub use priced::quote;
pub use reaper::{HeldSummary, PATIENCE_MS, Reaped, held, held_summary, in_limbo, last_reaped, open, reap};
pub use reservation::{Granted, Reservation};
pub use reserve::reserve;
pub use settle::{charge, close, kept, release};
