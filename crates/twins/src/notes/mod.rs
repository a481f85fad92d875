//! What a company's twins tell each other: short, sealed, forgotten after a while.
//!
//! [`leave`] appends a note, [`newest`] and [`list_notes`] read the newest ones, [`remove_note`] takes one's own back,
//! [`reap`] forgets what is old. Who may is the caller's to ask: twins that have not said so neither leave nor read notes.

mod members;
mod reap;
mod rules;
mod shelf;

use calendar::{DAY, Millis};
use serde::{Deserialize, Serialize};

pub use members::{join, members};
pub use reap::reap;
pub use rules::{NoteAsked, parse_note};
pub use shelf::{NoteRead, last_at, leave, list_notes, newest, remove_note};

/// The most notes of a company: of more, the newest.
pub const MAX_NOTES: u64 = 200;
/// How long a note is kept, in milliseconds.
pub const KEPT_MS: u64 = 30 * DAY;

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// How people speak.
    Linguistic,
    /// What they do.
    Behavioral,
    /// What moves them.
    Cultural,
}

impl NoteKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linguistic, Self::Behavioral, Self::Cultural];

    /// The name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linguistic => "linguistic",
            Self::Behavioral => "behavioral",
            Self::Cultural => "cultural",
        }
    }
}

/// One note, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `note_...`
    pub id: String,
    /// When it was left.
    pub at: Millis,
    /// Whose twin left it.
    pub tenant: String,
    /// What it is about.
    pub kind: NoteKind,
    /// Text and topic, sealed: see [`note_context`].
    pub sealed: String,
}

/// What seals a note's text: it opens in its own company and place only.
#[must_use]
pub fn note_context(company: &str, id: &str) -> String {
    format!("mesh-note/{company}/{id}")
}

#[cfg(test)]
mod tests;
