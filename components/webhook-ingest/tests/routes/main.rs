//! Webhooks over their routes, with a vendor of each kind.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod deliveries;
mod flood;
mod generic_events;
mod house;
mod operator;
