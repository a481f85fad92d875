//! Every vendor's published vectors, and tables of what must be refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod bad_input;
mod callback;
mod elevenlabs;
mod generic;
mod good;
mod livekit;
mod schemes;
mod vectors;
