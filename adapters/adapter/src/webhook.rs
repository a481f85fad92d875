//! A vendor's webhook in the gate's terms.

use alloc::string::String;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique at this vendor; the same for a repeat of the same event.
    pub dedupe_id: String,
    /// The vendor's own name of the event.
    pub name: String,
    pub effect: Effect,
}

/// What the gate has to do about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing to do; the event is kept.
    None,
    /// The session with this vendor id has ended.
    VideoEnded(String),
}
