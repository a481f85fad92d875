//! What a tenant's server and pages are told: the feed of what happened, and its delivery to an endpoint.
//!
//! ```text
//!   something happens --[emit]--> feed/{tenant} --[read]--> pages' streams, the server's pages of events
//!                                       +--[delivery]--> the tenant's endpoint
//! ```

mod corrected;
pub mod delivery;
mod emit;
mod erase;
mod event;
pub mod feed;
mod maintain;

pub use corrected::corrected;
pub use emit::{emit, emit_at_most_once_a_minute};
pub use erase::{Stretch, forget_sessions, of_sessions};
pub use event::Event;
pub use feed::{Page, read};
pub use maintain::{endpoints, tend};

#[cfg(test)]
mod tests;
