//! What a receipt proves.

use ::audit::Entry;
use tlog::{CheckpointError, NoteError, ProofError, Receipt, ReceiptError, Verifier};

use super::Outcome;
use crate::cli::words;

/// Verifies a receipt against a log's key.
pub fn verify(receipt: &Receipt, key: &Verifier) -> Outcome {
    let Some(entry) = receipt.extra.as_deref().and_then(entry) else {
        return Outcome::Refuted("it doesn't hold an entry as the log writes them.".into());
    };
    match receipt.verify(&entry.leaf(), key) {
        Ok(checkpoint) => {
            let mut lines = vec!["proven: the log has this entry".to_owned()];
            lines.extend(words::entry(&entry).into_iter().map(|line| format!("  {line}")));
            lines.push(format!("  index: {} of {}", receipt.index, words::entries(checkpoint.size)));
            lines.push(format!("  log:   {}", checkpoint.origin));
            lines.push(format!("  signed by {key}"));
            Outcome::Proven(lines)
        }
        Err(error) => Outcome::Refuted(why(&error, receipt.index)),
    }
}

/// The entry in a receipt, if its bytes are exactly those that the log is over.
pub fn entry(bytes: &[u8]) -> Option<Entry> {
    serde_json::from_slice::<Entry>(bytes).ok().filter(|entry| entry.canonical() == bytes)
}

fn why(error: &ReceiptError, index: u64) -> String {
    match error {
        ReceiptError::Proof(ProofError::Outside { size }) => {
            format!("number {index} is not in a log of {}.", words::entries(*size))
        }
        ReceiptError::Proof(error) => {
            format!("the entry in it is not number {index} of the log that signed the checkpoint: {error}.")
        }
        ReceiptError::Checkpoint(CheckpointError::Note(NoteError::Unsigned)) => {
            "its checkpoint is signed by another key.".into()
        }
        ReceiptError::Checkpoint(error) => format!("its checkpoint doesn't hold: {error}."),
        ReceiptError::Malformed => "it is damaged.".into(),
    }
}
