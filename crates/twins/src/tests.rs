//! What a twin may look like, and what a crash at any operation leaves behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod crashes;
mod fields;
mod lives;
mod world;
