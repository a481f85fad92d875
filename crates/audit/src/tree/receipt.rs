//! Receipts: what proves, without asking anybody, that an entry is in the log and what it says.

use kv_schemas::{Store, StoreError};
use tlog::{Receipt, TileId, inclusion, leaf_hash, verify_inclusion};

use crate::{list::missing, places};

use super::{read::under_newest, stored};

/// The receipt of a permit's or an event's entry: its canonical bytes, the proof, the newest checkpoint. `None`: unknown,
/// or not under a checkpoint yet. Reads a few tiles, however long the log is.
///
/// # Errors
/// The store can't be reached, or what it has doesn't prove the entry: such a receipt is not given out.
pub fn receipt(store: &dyn Store, limit_check_id: &str) -> Result<Option<Receipt>, StoreError> {
    let Some(index) = places::entry_of(limit_check_id).get(store)? else {
        return Ok(None);
    };
    under_newest(store, |newest| {
        if index >= newest.size {
            return Ok(None);
        }
        let place = places::entry(index);
        let entry = place.get(store)?.ok_or_else(|| missing(place.key()))?;
        if entry.limit_check_id != limit_check_id {
            return Err(stored::corrupt(&places::entry_of(limit_check_id), "names an entry of another id"));
        }
        let mut tiles = |id: TileId| stored::tile(store, id);
        let proof = inclusion(&mut tiles, index, newest.size).map_err(stored::failure)?;
        verify_inclusion(&leaf_hash(&entry.leaf()), index, newest.size, &proof, &newest.root)
            .map_err(|error| stored::corrupt(&place, error))?;
        Ok(Some(Receipt { extra: Some(entry.canonical()), index, proof, checkpoint: newest.note.clone() }))
    })
}
