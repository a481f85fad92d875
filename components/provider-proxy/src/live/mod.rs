//! Live sessions at vendors: video conversations and rooms. [`record`] says what carries one and how it ends.

mod answered;
mod calls;
mod end;
mod open;
mod record;
pub mod rooms;
pub mod sessions;
pub mod ticks;
pub mod video;

pub use end::end;
pub use record::{Listed, Live, ending, list, record, report};
