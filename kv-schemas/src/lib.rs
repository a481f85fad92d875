//! Every key in the store: its pattern, its encoding, who writes it, who reads it, how long it lives.
//!
//! A key belongs to exactly one family, and a family is either a value (`get`, `set`, `delete`, `exists`) or a counter
//! (`increment` only): the two hosts store counters differently, so a key must never be both. The types here make the
//! wrong use impossible: a [`Counter`] has no `set`, a [`Value`] has no `add`.
//!
//! Three structures carry everything: [`Counter`], [`Log`] (numbered log) and [`Once`].

mod counter;
pub mod expiry;
pub mod families;
mod family;
pub mod gap;
mod lease;
mod log;
pub mod memory;
mod once;
mod store;
pub mod sweep;
mod value;

pub use counter::Counter;
pub use family::{Family, Kind};
pub use lease::Lease;
pub use log::{Log, Slot};
pub use once::Once;
pub use store::{Store, StoreError};
pub use value::Value;
