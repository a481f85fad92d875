//! What the scenarios in `tests/` are told with: a gate of their own, mock vendors behind it, and callers in front.
//!
//! Everything here speaks to the built programs over HTTP and knows only the contract. Run them with
//! `cargo xtask test --only scenarios`, which builds the programs and says where they are.

pub mod amounts;
pub mod books;
pub mod caller;
pub mod gate;
pub mod held;
pub mod hooks;
pub mod jwt;
pub mod mocks;
pub mod nodes;
pub mod processes;
pub mod programs;
pub mod random;
pub mod raw;
pub mod reconcile;
pub mod redis;
pub mod scripted;
pub mod sse;
pub mod tenant;
pub mod tree;
pub mod wait;

pub use amounts::{nanos, usd};
pub use books::Books;
pub use caller::{Answer, Caller, Stream};
pub use gate::Gate;
pub use held::HeldVendor;
pub use mocks::Mocks;
pub use nodes::Nodes;
pub use random::unique;
pub use scripted::ScriptedVendor;
pub use serde_json::{Value, json};
pub use tenant::{ORIGIN, Page, Tenant};
pub use wait::eventually;
