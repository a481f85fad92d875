//! Record, then acknowledge, then retry, then forget in due time.
//!
//! A delivery becomes a stored event under an id made from what the vendor calls it, so that every repeat of it is the
//! same event. Its effect is safe to repeat; "done" is written after it.
//!
//! ```text
//!   Pending --effect--> Done
//!      |                  ^
//!      +--not yet--> Retrying --backoff, again and again--> Dead (listed)
//!      +--never---------------------------------------------^     (an operator's replay may still bring it to Done)
//! ```
//! An event is on the list of those that are not done with before it counts as recorded. So a crash between any two steps
//! is found by whoever works on that list ([`Desk::work`]), without the vendor's help.

mod apply;
mod backoff;
mod books;
mod count;
mod dead_letters;
mod due;
mod effect;
mod event;
mod head;
mod live;
mod quota;
mod receive;
mod sweep;
mod work;

pub use apply::Outcome;
pub use backoff::BACKOFF_MS;
pub use books::{Books, Failure, Usage};
pub use count::Counted;
pub use dead_letters::{DeadLetter, Letters, Wanted, dead_letters, find_dead_letters};
pub use effect::{Effect, Ended, Event, Message};
pub use event::{Delivery, Origin, Stored, kept_headers, stored};
pub use live::LiveReport;
pub use quota::{BYTES_AN_HOUR, EVENTS_AN_HOUR, Room, room};
pub use receive::{Answer, CONCURRENT_MS, receive};
pub use sweep::{Expired, KEEP_EVENT_MS, KEEP_ID_MS, sweep};
pub use work::{Bounds, Desk, Worked};
