//! The audit log's shell. It serves `/v1/audit/...` to people and exports `tollgate:core/audit` to other components.
//!
//! [`routes`] is the HTTP side, `caller` says who may see what, `query` reads parameters and `ndjson` streams long
//! lists; `log` shows the tree, `proof` what proves an entry, and `signer` makes the log's key out of [`settings`];
//! `invoices` and `erasures` are what their names say. Only `component` and `port`, the two ends that a host holds, need
//! WebAssembly.

mod bounded;
mod caller;
#[cfg(target_family = "wasm")]
mod component;
mod csv;
mod erasures;
mod invoices;
mod log;
mod ndjson;
#[cfg(target_family = "wasm")]
mod port;
mod proof;
mod query;
pub mod routes;
pub mod settings;
pub mod signer;
