//! What vendors send to the gate of their own accord: events, signed as each vendor signs, and storms of them.

mod forged;
mod signed;
mod storm;

pub use forged::Bad;
pub use signed::{Event, Sign, mac, now};
pub use storm::{Storm, Told};
