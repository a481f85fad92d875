//! Deliveries of a tenant's feed to its endpoint: each event at least once, in order but for those that are sent again.
//!
//! ```text
//!   feed --[cursor]--> send --2xx--> done
//!                        |--410--> the endpoint is refused until it is set anew
//!                        +--else--> retry list --[due]--> send --8 times--> dead letters --[redeliver]--> retry list
//! ```
//! Whoever wants to send holds the endpoint's lease. What was sent is written down after the answer: a crash between the
//! two sends the event again, with the same id.

mod courier;
mod dead;
mod redeliver;
mod schedule;
mod sign;
mod state;

pub use courier::{Attempt, Courier, Outcome, standing};
pub use dead::{Dead, dead_letters, forget_dead};
pub use redeliver::{NotDead, redeliver};
pub use schedule::MAX_RETRY_AFTER_MS;
pub use sign::signatures;
pub(crate) use state::forget_all;
pub use state::{Retry, State, forget, is_refused};
