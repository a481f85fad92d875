//! What the answers to a live session's start and to a job say.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Call, Failure, Grants, Usage};

/// Why an answer with a good status isn't what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoGood {
    /// The vendor says in the body that it did nothing.
    Refused(Failure),
    /// It can't be read, so what the vendor did is unknown.
    Garbled(String),
}

impl NoGood {
    /// `what` is wrong with the answer.
    pub fn garbled(what: &str) -> Self {
        Self::Garbled(what.to_owned())
    }
}

/// A live session that the vendor knows by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The vendor's own id: from now on the session can be ended.
    pub vendor_id: String,
    pub step: Step,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is live.
    Open(Join),
    /// Another call is needed. It costs nothing beyond what the first one reserved.
    Call(Call),
}

/// How the page joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Join {
    /// At this address, which carries whatever credential the vendor puts into it.
    Url(String),
    /// In this room, with the vendor's token for it.
    Room { url: String, token: String },
    /// In the room at the binding's own address (as `wss`), with a token that the proxy signs.
    Grants(Grants),
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// The vendor's own id, where the answer names it.
    pub vendor_id: Option<String>,
    pub progress: Progress,
    /// What it has consumed, once it is done or failed.
    pub usage: Usage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Queued,
    Running,
    /// The result: a JSON object in the gate's words.
    Done(Vec<u8>),
    Failed(Failure),
}
