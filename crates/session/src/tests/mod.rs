//! The rules of opening and verifying, row by row, and the life of a session.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod events;
mod house;
mod issuer;
mod listing;
mod listing_pages;
mod lives;
mod opening;
mod rates;
mod sweeping;
mod twins;
mod user_tokens;
mod verifying;
