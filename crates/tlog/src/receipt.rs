//! Receipts: one entry's inclusion proof with the signed checkpoint, which verify without asking the log.
//!
//! Source: <https://c2sp.org/tlog-proof>.

use crate::{
    Checkpoint, CheckpointError, Hash, ProofError, Verifier, leaf_hash,
    text::{decimal, from_base64, hash, to_base64},
    verify_inclusion,
};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No tree of `u64` leaves has a longer proof.
const MAX_HASHES: usize = 64;

/// Proof that an entry is in the log. As text it is the file format `tlog-proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Bytes beside the proof. They are not authenticated by it: check that the leaf follows from them.
    pub extra: Option<Vec<u8>>,
    /// The entry's place, from 0.
    pub index: u64,
    /// Its sibling first, the root's child last.
    pub proof: Vec<Hash>,
    /// The signed note, verbatim.
    pub checkpoint: String,
}

/// Why a receipt proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// Not the lines of a `tlog-proof`, each in its one spelling.
    #[error("not a tlog-proof")]
    Malformed,
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof in it: it is of another entry or another tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// Checks that the log of this key vouches for `leaf`, the bytes of the entry as the log hashes them.
    ///
    /// # Errors
    /// It does not.
    pub fn verify(&self, leaf: &[u8], key: &Verifier) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        verify_inclusion(&leaf_hash(leaf), self.index, checkpoint.size, &self.proof, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(out, "extra {}", to_base64(extra))?;
        }
        writeln!(out, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(out, "{}", to_base64(hash))?;
        }
        write!(out, "\n{}", self.checkpoint)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    /// Reads the form; [`Receipt::verify`] checks what it says.
    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Malformed)?;
        let (extra, index, proof) = parsed(head).ok_or(ReceiptError::Malformed)?;
        Checkpoint::unverified(checkpoint)?;
        Ok(Receipt { extra, index, proof, checkpoint: checkpoint.to_owned() })
    }
}

/// The lines above the empty one.
fn parsed(head: &str) -> Option<(Option<Vec<u8>>, u64, Vec<Hash>)> {
    let mut lines = head.split('\n').peekable();
    if lines.next()? != HEADER {
        return None;
    }
    let extra = match lines.peek()?.strip_prefix("extra ") {
        Some(extra) => {
            lines.next();
            Some(from_base64(extra)?)
        }
        None => None,
    };
    let index = decimal(lines.next()?.strip_prefix("index ")?)?;
    let proof = lines.map(hash).take(MAX_HASHES.saturating_add(1)).collect::<Option<Vec<_>>>()?;
    (proof.len() <= MAX_HASHES).then_some((extra, index, proof))
}
