//! Every key in the store: its pattern, its encoding, who writes it, who reads it, how long it lives.
//!
//! A key belongs to exactly one family ([`families`]), and a family is either of values (`get`, `set`, `delete`,
//! `exists`) or of counters (`increment`, `delete`): the two hosts store counters differently, so a key must never be
//! both. Three structures carry everything: [`Counter`], [`Log`] (numbered log) and [`Once`].
//!
//! # What doesn't compile
//!
//! A counter is never set:
//! ```
//! # let store = kv_schemas::memory::Memory::default();
//! kv_schemas::families::SEQUENCER_TICKET.counter(&[]).add(&store, 1);
//! ```
//! ```compile_fail,E0599
//! # let store = kv_schemas::memory::Memory::default();
//! kv_schemas::families::SEQUENCER_TICKET.counter(&[]).set(&store, &1);
//! ```
//!
//! A value is never incremented:
//! ```
//! # let store = kv_schemas::memory::Memory::default();
//! kv_schemas::families::ENTRY_OF.value::<u64>(&["lc_1"]).set(&store, &1);
//! ```
//! ```compile_fail,E0599
//! # let store = kv_schemas::memory::Memory::default();
//! kv_schemas::families::ENTRY_OF.value::<u64>(&["lc_1"]).add(&store, 1);
//! ```
//!
//! A family makes its own kind only:
//! ```
//! kv_schemas::families::TENANT.value::<String>(&["demo"]);
//! kv_schemas::families::SEQUENCER_TICKET.counter(&[]);
//! kv_schemas::families::TENANT_LIST.log::<String>(&[]);
//! kv_schemas::families::PERMIT_MAKER.once(&["lc_1"]);
//! ```
//! ```compile_fail,E0599
//! kv_schemas::families::TENANT.counter(&["demo"]);
//! ```
//! ```compile_fail,E0599
//! kv_schemas::families::SEQUENCER_TICKET.value::<String>(&[]);
//! ```
//! ```compile_fail,E0599
//! kv_schemas::families::TENANT_LIST.counter(&[]);
//! ```
//! ```compile_fail,E0599
//! kv_schemas::families::PERMIT_MAKER.counter(&["lc_1"]);
//! ```
//!
//! A key has all its parts, and no more:
//! ```
//! kv_schemas::families::VENDOR.value::<String>(&["demo", "openai"]);
//! ```
//! ```compile_fail,E0308
//! kv_schemas::families::VENDOR.value::<String>(&["demo"]);
//! ```
//! ```compile_fail,E0308
//! kv_schemas::families::VENDOR.value::<String>(&["demo", "openai", "secret"]);
//! ```
//!
//! And nobody makes one up:
//! ```
//! let counter: kv_schemas::Counter = kv_schemas::families::SEQUENCER_TICKET.counter(&[]);
//! ```
//! ```compile_fail,E0624
//! let counter: kv_schemas::Counter = kv_schemas::Counter::new("sequencer-ticket".to_owned());
//! ```

pub mod counted;
mod counter;
mod draft;
pub mod expiry;
pub mod families;
mod family;
pub mod gap;
mod lease;
mod log;
mod memo;
pub mod memory;
mod once;
mod store;
pub mod sweep;
mod typed;
mod value;

pub use counter::Counter;
pub use draft::{Draft, Tailed};
pub use family::{Family, Kind};
pub use lease::Lease;
pub use log::{Log, Slot};
pub use memo::Memo;
pub use once::Once;
pub use store::{Store, StoreError};
pub use typed::{Counters, Logs, Onces, Values};
pub use value::Value;
