//! Record, then acknowledge, then forget in due time.
//!
//! A delivery becomes a stored event under an id made from what the vendor calls it, so that every repeat of it is the
//! same event. Its effect is safe to repeat; "done" is written after it. So whoever finds an event that isn't done
//! finishes it, and a crash between any two steps costs nothing but the vendor's retry.

mod dead_letters;
mod effect;
mod event;
mod head;
mod receive;
mod sweep;

pub use dead_letters::{DeadLetter, dead_letters};
pub use effect::{Effect, Ended, Event, LiveReport, Message};
pub use event::{Delivery, Origin, Stored, kept_headers, stored};
pub use receive::{Answer, CONCURRENT_MS, Replayed, receive, replay};
pub use sweep::{KEEP_EVENT_MS, KEEP_ID_MS, sweep};
