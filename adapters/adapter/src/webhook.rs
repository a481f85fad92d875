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
    /// A live session has ended.
    LiveEnded(Ended),
    /// Something happened to the job with this vendor id: the gate looks at it.
    JobChanged(String),
    /// Somebody has said something.
    Message(Incoming),
}

/// The end of a live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The vendor's own id of the session.
    pub vendor_id: String,
    /// When it ended by the vendor's clock, in milliseconds since 1970, where the event says so.
    pub at_ms: Option<u64>,
}

/// Something that a person has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The vendor's own id of the conversation.
    pub conversation: String,
    /// The vendor's own id of the person.
    pub sender: String,
    pub text: String,
}
