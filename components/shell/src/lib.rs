//! What every component's shell shares: the store, the clock, randomness, variables, and HTTP in and out.
//!
//! A component is: decode the request, call a core, encode the answer. The decoding and encoding live here, so that
//! every route answers with the same error shape, the same limits and the same CORS rules.

mod bindings;
mod body;
pub mod call;
pub mod cors;
pub mod host;
pub mod idempotency;
pub mod log;
pub mod operator;
pub mod page;
pub mod reply;
mod serve;
pub mod store;

pub use call::Call;
pub use problem::{Kind, Problem};
pub use reply::Reply;
pub use serve::{Limits, serve};
pub use store::KeyValue;

/// The allocator of every component.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: heap::Small<std::alloc::System> = heap::Small::new(std::alloc::System);

/// A store failure is `offline`; the reason goes to the log.
#[must_use]
pub fn offline(error: &kv_schemas::StoreError) -> Problem {
    warn!("store", error = error);
    Problem::offline()
}
