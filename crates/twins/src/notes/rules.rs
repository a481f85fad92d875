//! What a note may say.

use serde_json::Value as Json;
use tenancy::{Invalid, Object};

use super::NoteKind;

const MAX_TEXT: usize = 1_000;
const MAX_TOPIC: usize = 60;

/// A note as somebody asks to leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteAsked {
    /// What it is about.
    pub kind: NoteKind,
    /// 1 to 1,000 characters.
    pub text: String,
    /// In a word or two, for people who look through them.
    pub topic: Option<String>,
}

/// Reads the body of `POST /v1/mesh/notes`.
///
/// # Errors
/// The first field that is wrong.
pub fn parse_note(body: &Json) -> Result<NoteAsked, Invalid> {
    let body = Object::body(body)?;
    body.only(&["kind", "text", "topic"])?;
    let kind = body.text("kind", 1, 20)?.ok_or_else(|| body.fault("kind", "is required"))?;
    let kind = NoteKind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = kind.ok_or_else(|| body.fault("kind", "must be linguistic, behavioral or cultural"))?;
    let text = body.text("text", 1, MAX_TEXT)?.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| body.fault("text", "is required"))?;
    let topic = body.line("topic", 1, MAX_TOPIC)?.map(str::to_owned);
    Ok(NoteAsked { kind, text: text.to_owned(), topic })
}
