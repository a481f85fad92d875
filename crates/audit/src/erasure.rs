//! Erasing the personal data of one session: asked for at once, worked off in small steps over the tenant's own entries.
//!
//! ```text
//!  asked ──▶ Task ──steps: what is in the log goes──▶ waited ──▶ all that was staged by then goes ──▶ event ──▶ Done
//! ```
//! What is in the log goes early, and it ends late: a session's events may still be on their way into the log
//! ([`SETTLE_MS`]).
//!
//! The session's id is in the task alone, which is written once and removed at the end: what remains of an erasure that is
//! done, or comes from a run that was too slow, says how many entries it was about.
//!
//! A step decides, saves that, asks whether it may, and then acts; a crash anywhere repeats what was saved. A run that
//! sleeps for longer than its lease just before it saves may set the progress back: then the same is looked through once
//! more, and the count is too low by what was erased already.

mod records;
mod request;
mod step;
mod wait;
mod work;

pub use request::{EraseError, Erasure, ErasureRequest, ErasureStatus, MAX_PENDING, erase, erasure};
pub use wait::SETTLE_MS;
pub(crate) use work::work;
