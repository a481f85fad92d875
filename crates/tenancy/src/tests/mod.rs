//! The rules field by field, and what a crash at any operation leaves behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod crashes;
mod events;
mod history;
mod listing;
mod rules;
mod settings;
mod writes;
