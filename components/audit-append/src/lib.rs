//! The audit log's shell. It serves `/v1/audit/...` to people and exports `tollgate:core/audit` to other components.
//!
//! [`routes`] is the HTTP side, `caller` says who may see what, `query` reads parameters and `ndjson` streams long
//! lists. Only `component` and `port`, the two ends that a host holds, need WebAssembly.

mod caller;
#[cfg(target_family = "wasm")]
mod component;
mod ndjson;
#[cfg(target_family = "wasm")]
mod port;
mod query;
pub mod routes;
