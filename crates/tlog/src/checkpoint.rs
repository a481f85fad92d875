//! Checkpoints: a log's origin, size and root as the text of a signed note.
//!
//! Source: <https://c2sp.org/tlog-checkpoint>.

use crate::{
    Hash, NoteError, Signer, Verifier, note, open,
    text::{decimal, hash, to_base64},
};
use thiserror::Error;

/// What a log vouches for at one moment: the root over its first `size` entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's identity, and the name of its key: a URL without scheme.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Why a checkpoint cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not an origin, a size and a root, each in its one spelling.
    #[error("not a checkpoint")]
    Malformed,
    /// The key is another log's.
    #[error("the origin is not the name of the key")]
    Origin,
}

impl Checkpoint {
    /// `<origin>\n<size>\n<base64(root)>\n`: what the signature is over.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root))
    }

    /// Reads the text of a note. Extension lines are allowed and ignored.
    ///
    /// # Errors
    /// It is not a checkpoint.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        parsed(text).ok_or(CheckpointError::Malformed)
    }

    /// The signed note. The origin must be the signer's name; [`Checkpoint::open`] refuses any other.
    ///
    /// Never sign one that does not follow from the last: that is the caller's promise to keep.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign(&self.text())
    }

    /// Checks a note and reads the checkpoint that the log of this key signed.
    ///
    /// # Errors
    /// The note is not signed by this key, is not a checkpoint, or has another log's origin.
    pub fn open(note: &str, key: &Verifier) -> Result<Checkpoint, CheckpointError> {
        let opened = open(note, std::slice::from_ref(key))?;
        let checkpoint = Checkpoint::parse(&opened.text)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// Reads a note without checking any signature: only for one that comes out of one's own store.
    ///
    /// # Errors
    /// It is not a note, or not a checkpoint.
    pub fn unverified(note: &str) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse(note::split(note)?.text)
    }
}

fn parsed(text: &str) -> Option<Checkpoint> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let [origin, size, root, ..] = lines.as_slice() else { return None };
    if lines.iter().any(|line| line.is_empty()) {
        return None;
    }
    Some(Checkpoint { origin: (*origin).to_owned(), size: decimal(size)?, root: hash(root)? })
}
