//! Routing: which vendor and model is tried first, what is tried after it, and when a call is repeated or refused.
//!
//! - [`choose`] orders the candidates of a call by score: the first is called, the others are its fallback ladder.
//! - [`breaker`] refuses a vendor that keeps failing, until a probe shows that it is back.
//! - [`Backoff`] says how long to wait before a call is repeated, or that it is not.
//! - [`window`] keeps what the last decisions came to; [`Summary`] is that in one value; [`health`] reports it.
//!
//! Nothing here moves money, and all that is stored is statistics: a lost update costs a call that fails or a candidate
//! that is tried in vain, never a cent. So this crate takes no pains to agree with itself; each module says what two
//! writers at once, or a crash between any two operations, can do.

mod backoff;
pub mod breaker;
mod choose;
mod health;
mod per_mille;
mod summary;
pub mod window;

pub use backoff::Backoff;
pub use choose::{Candidate, Pick, Ranked, Weights, choose};
pub use health::{CandidateHealth, DecisionTime, Health, Status, health};
pub use per_mille::PerMille;
pub use summary::{Summary, Tally};
