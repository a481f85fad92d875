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
    /// The live session with this vendor id has ended.
    LiveEnded(String),
    /// Something happened to the job with this vendor id: the gate looks at it.
    JobChanged(String),
}
