//! Erasing one person's data: asked for at once, worked off in steps.
//!
//! ```text
//!   asked ──▶ consents ──▶ a batch of sessions ──▶ the next batch ... ──▶ finished
//!                            over? ▶ log asked ▶ feed, kept answers, their records go ▶ log done
//! ```
//! What is left to do is in the record, which is saved before the index forgets it: a crash anywhere repeats a step, and
//! each step is safe to repeat. Nothing that names the person is in the record: sessions while they are erased, and keyed
//! hashes. When it is finished, only how much it was.
//!
//! One works at a time, under a lease: two would set each other back.

mod record;
mod steps;
#[cfg(test)]
mod tests;
mod work;

pub use record::{Erased, Erasure};
pub use steps::{LogErasure, Parts};
pub use work::{BeginError, MAX_PENDING, WORK_MS, begin, find, work, work_on};
