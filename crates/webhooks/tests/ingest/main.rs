//! What happens to a verified delivery: recorded, applied once, retried, given up, replayed, forgotten.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod effects;
mod faults;
mod faulty;
mod forgetting;
mod house;
mod letters;
mod quota;
mod receiving;
mod replaying;
mod retrying;
