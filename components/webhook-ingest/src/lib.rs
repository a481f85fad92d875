//! The webhooks' shell: `/v1/webhooks/...`.
//!
//! [`routes`] tells the routes apart, `deliver` takes a vendor's delivery, [`generic`] reads the events of tenants' own
//! systems, `operate` serves the operator and the host's timer, and [`vendors`] is what all of them need to know of vendors.
//! Only `component`, `port` and `ledger`, the ends that a host holds, need WebAssembly.

#[cfg(target_family = "wasm")]
mod component;
mod deliver;
pub mod faults;
pub mod generic;
pub mod house;
#[cfg(target_family = "wasm")]
mod ledger;
mod operate;
#[cfg(target_family = "wasm")]
mod port;
pub mod routes;
pub mod vendors;
