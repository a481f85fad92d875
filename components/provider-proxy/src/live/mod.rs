//! Live sessions at vendors: video conversations and rooms. [`record`] says what carries one and how it ends.

mod answered;
mod calls;
mod end;
mod late;
mod open;
mod paid;
mod record;
pub mod rooms;
pub mod sessions;
pub mod ticks;
pub mod video;

pub use end::end;
pub use late::settle_anew;
pub use record::{Listed, Live, ending, list, record, report};
