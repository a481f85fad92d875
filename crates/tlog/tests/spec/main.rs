//! The crate against its specifications: known answers, an independent oracle, and inputs that must be refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod checkpoints;
mod edges;
mod hostile;
mod known_answers;
mod memory;
mod notes;
mod oracle;
mod receipts;
mod refusals;
mod tiles;
