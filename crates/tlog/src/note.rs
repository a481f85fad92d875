//! Signed notes: a text, an empty line, and lines with Ed25519 signatures.
//!
//! Source: <https://c2sp.org/signed-note>.

use crate::{
    Verifier,
    key::{DASH, is_name},
    text::from_base64,
};
use thiserror::Error;

/// Signatures that a note may have; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// Why a note cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Not a text, an empty line and signature lines.
    #[error("not a signed note")]
    Malformed,
    /// More than [`MAX_SIGNATURES`].
    #[error("too many signatures")]
    TooManySignatures,
    /// A line by a known key does not verify: the text or the signature was altered.
    #[error("a known key's signature does not verify")]
    BadSignature,
    /// Nobody known has signed it.
    #[error("no signature by a known key")]
    Unsigned,
}

/// A note whose signatures were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The text with its final newline.
    pub text: String,
    /// Names of the known keys that signed, each once, in the order of the note.
    pub signed_by: Vec<String>,
}

/// Checks a note against the keys one knows.
///
/// Lines by other keys are ignored. Every line by a known key has to verify, also a repeated one.
///
/// # Errors
/// It is malformed, a known key's signature fails, or there is none by a known key.
pub fn open(note: &str, known: &[Verifier]) -> Result<Opened, NoteError> {
    let Parts { text, signatures } = split(note)?;
    let mut signed_by: Vec<String> = Vec::new();
    for line in signatures {
        let mut keys = known.iter().filter(|key| key.name() == line.name && key.key_id() == line.key_id).peekable();
        let Some(first) = keys.peek().copied() else { continue };
        // Two known keys may share name and identifier by accident: then the line is by either of them.
        if !keys.any(|key| key.verifies(text, &line.signature)) {
            return Err(NoteError::BadSignature);
        }
        if !signed_by.iter().any(|name| name == first.name()) {
            signed_by.push(first.name().to_owned());
        }
    }
    if signed_by.is_empty() { Err(NoteError::Unsigned) } else { Ok(Opened { text: text.to_owned(), signed_by }) }
}

/// A note taken apart; nothing is checked yet.
pub(crate) struct Parts<'a> {
    /// With its final newline.
    pub(crate) text: &'a str,
    signatures: Vec<Line<'a>>,
}

struct Line<'a> {
    name: &'a str,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

pub(crate) fn split(note: &str) -> Result<Parts<'_>, NoteError> {
    if note.chars().any(|character| character < ' ' && character != '\n') {
        return Err(NoteError::Malformed);
    }
    // The last empty line ends the text; the text may have some of its own.
    let end = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, rest) = note.split_at_checked(end.saturating_add(1)).ok_or(NoteError::Malformed)?;
    let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n')).ok_or(NoteError::Malformed)?;
    if lines.split('\n').nth(MAX_SIGNATURES).is_some() {
        return Err(NoteError::TooManySignatures);
    }
    let signatures = lines.split('\n').map(|line| signature_line(line).ok_or(NoteError::Malformed));
    Ok(Parts { text, signatures: signatures.collect::<Result<_, _>>()? })
}

fn signature_line(line: &str) -> Option<Line<'_>> {
    let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = from_base64(signature)?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    let whole = is_name(name) && !signature.is_empty();
    whole.then(|| Line { name, key_id: *key_id, signature: signature.to_vec() })
}
