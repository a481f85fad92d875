//! Which price holds, and what it makes a call cost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod charges;
mod monotone;
mod precedence;
