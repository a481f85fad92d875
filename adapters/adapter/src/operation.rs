//! What a page asks of a vendor.

use alloc::string::String;
use alloc::vec::Vec;

/// What a vendor can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    Chat,
    Speech,
    Video,
}

/// One call as the page asks for it, before it is in the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The raw body of an OpenAI-shaped chat request.
    Chat(Vec<u8>),
    Speech(Speech),
    VideoStart(Video),
    /// The vendor's own id of the session to end.
    VideoEnd(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    pub text: String,
    pub voice: Option<String>,
    /// `mp3`, `pcm`, `opus`, `wav`
    pub format: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    pub persona: Option<String>,
    /// The vendor must end the session by itself after this many seconds.
    pub max_seconds: u32,
    /// Where the vendor reports to; already carries the token.
    pub callback_url: Option<String>,
}
