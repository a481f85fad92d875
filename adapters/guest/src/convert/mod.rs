//! Between the component's types and those of the adapters; the only place that knows both.

mod incoming;
mod outgoing;

pub use incoming::{head, headers, live, operation, quantities_in};
pub use outgoing::{call, event, failure, job_state, no_good, plan_error, price, profile, started, usage};
