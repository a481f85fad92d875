//! Sessions: short-lived tokens for pages, bound to a tenant, an origin and what the tenant allows.
//!
//! [`admit`], [`count_open`] and [`open`] make one, [`verify`] says who is calling, [`touch`] and [`end`] move it through its life
//! ([`State`]), [`list`] shows them, [`overdue`] sweeps up behind. What began and ended waits in [`events`] for the log. All are
//! straight functions over the store; the caller brings the time, the randomness and the key sets.

mod admit;
mod count;
mod erase;
mod events;
mod key_set;
mod list;
mod open;
mod pages;
mod rate;
mod record;
mod refusal;
mod revoked;
mod state;
mod sweep;
#[cfg(test)]
mod tests;
mod twin;
pub mod user_token;
mod verify;

pub use admit::{Admission, admit};
pub use count::{Open, count_open_sessions};
pub use erase::{forget, is_over};
pub use events::{Event, WRITE_MS, events, events_logged};
pub use key_set::{KeySet, MAX_BYTES as MAX_KEY_SET_BYTES};
pub use list::{Asked, Listing, MAX_PLACES, Page, Which, list};
pub use open::{Ask, Opened, Seed, UserKeys, open, parse_ask, wants_key_set};
pub use rate::count_open;
pub use record::{Ending, LIFETIME, Session, TICK_SECONDS, token};
pub use refusal::Refusal;
pub use state::{State, View, end, find, state, touch, view};
pub use sweep::overdue;
pub use verify::{Caller, Grant, verify};
