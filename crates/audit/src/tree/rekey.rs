//! Another key or another name than the last checkpoint's: an entry of its own says so.
//!
//! One size has one checkpoint, so the log must grow before the new key can sign. Until it has, receipts would be signed by
//! a key that nobody is shown any more.

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use tlog::{Checkpoint, CheckpointError, NoteError, Signer};

use crate::{Entry, VERSION, checkpoint, hex};

/// The event to stage when the newest checkpoint is under another key than `signer`'s. Staged twice, it is one entry.
///
/// # Errors
/// The store can't be reached.
pub fn rekeyed(store: &dyn Store, now: Millis, signer: &Signer) -> Result<Option<Entry>, StoreError> {
    let Some(note) = checkpoint(store)? else { return Ok(None) };
    let key = signer.verifier();
    let is_other = matches!(Checkpoint::open(&note, &key), Err(CheckpointError::Note(NoteError::Unsigned)));
    // Of any other key than the one before nothing is said, and nothing is signed.
    let before = signer.predecessor().filter(|_| is_other);
    let Some(last) = before.and_then(|before| Checkpoint::open(&note, before).ok()) else { return Ok(None) };
    Ok(Some(Entry {
        v: VERSION,
        event_type: "LOG_KEY_CHANGED".into(),
        limit_check_id: format!("evt_key_{}_{}", last.size, hex::encode(&key.key_id())),
        at_ms: now,
        details: [("key".to_owned(), key.to_string()), ("origin_before".to_owned(), last.origin)].into(),
        ..Entry::default()
    }))
}
