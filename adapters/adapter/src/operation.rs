//! What a page asks of a vendor.

use alloc::string::String;
use alloc::vec::Vec;

/// What a vendor can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    Chat,
    Speech,
    Video,
    /// A room which visitor and agent join by themselves.
    Realtime,
    Context,
    Jobs,
    /// A conversation in somebody else's app.
    Messages,
}

/// One call as the page asks for it, before it is in the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The raw body of an OpenAI-shaped chat request.
    Chat(Vec<u8>),
    Speech(Speech),
    LiveStart(Live),
    /// The vendor's own id of the live session to end.
    LiveEnd(String),
    /// A topic, such as `soccer/live`.
    Context(String),
    JobStart(Job),
    /// The vendor's own id of the job to look at.
    JobLook(String),
    MessageSend(Outgoing),
}

/// Something to say in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The vendor's own id of the conversation.
    pub conversation: String,
    /// Plain text.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    pub text: String,
    pub voice: Option<String>,
    /// `mp3`, `pcm`, `opus`, `wav`
    pub format: String,
}

/// A live session: a video conversation or a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// The gate's own id, safe in a path; where customers name their rooms, this is the name.
    pub id: String,
    pub persona: Option<String>,
    /// The vendor must end the session by itself after this many seconds, if it can.
    pub max_seconds: u32,
    /// Where the vendor reports to; already carries the token.
    pub callback_url: Option<String>,
    /// How the visitor is called at the vendor: unguessable and without personal data.
    pub visitor: String,
    /// What tells the visitor that this is an AI, such as `AI Host`.
    pub disclosure: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// The gate's own id.
    pub id: String,
    /// What is to be done, in the gate's words; which there are depends on the vendor.
    pub kind: String,
    /// The kind's own JSON object.
    pub input: Vec<u8>,
    pub callback_url: Option<String>,
    /// What is made shows an AI and has to say so.
    pub disclosure: Option<String>,
}
