//! The webhooks' shell: `/v1/webhooks/...`.
//!
//! [`routes`] tells the routes apart, `deliver` takes a vendor's delivery, `operate` serves the operator, and
//! [`vendors`] is what all of them need to know of vendors. Only `component` and `port`, the two ends that a host holds,
//! need WebAssembly.

#[cfg(target_family = "wasm")]
mod component;
mod deliver;
pub mod house;
mod operate;
#[cfg(target_family = "wasm")]
mod port;
pub mod routes;
pub mod vendors;
