//! The checks of a deployment: texts and JSON documents in, findings out. Whoever calls reads files and asks gates.
//!
//! Each module is one check. A check ends as *pass*, as *fail* when something is not in order, or as *unknown* when it
//! couldn't be looked at; a failure outweighs what is unknown.

pub mod age_gate;
pub mod certificates;
pub mod infra;
pub mod log;
pub mod manifest;
pub mod metrics;
pub mod router;
pub mod secrets;
pub mod snapshots;
pub mod structure;
mod verdict;
pub mod webhooks;
pub mod workflows;
mod yaml;

pub use verdict::Verdict;

/// Every check, in the order in which they are made: the last one looks at what the others found.
pub const NAMES: [&str; 10] =
    ["structure", "secrets", "infra", "age-gate", "certificates", "router", "snapshot", "webhooks", "log", "workflows"];
