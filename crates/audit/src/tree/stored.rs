//! Tiles and checkpoints as they lie in the store: each name has one content for ever, or none.

use base64::{Engine, engine::general_purpose::STANDARD};
use kv_schemas::{Store, StoreError, Value};
use tlog::{Checkpoint, Hash, TileId, TreeError, decode_tile, encode_tile, leaf_hash};

use crate::{list::missing, places};

/// Says of a key that its value can't be right.
pub(crate) fn corrupt<T>(place: &Value<T>, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { key: place.key().to_owned(), reason: reason.to_string() }
}

/// The hashes of the tile with exactly this name.
pub(crate) fn tile(store: &dyn Store, id: TileId) -> Result<Vec<Hash>, StoreError> {
    let place = places::tile(id);
    let text = place.get(store)?.ok_or_else(|| missing(place.key()))?;
    let hashes = STANDARD.decode(text).ok().and_then(|bytes| decode_tile(&bytes));
    let hashes = hashes.filter(|hashes| hashes.len() == usize::from(id.width));
    hashes.ok_or_else(|| corrupt(&place, "not the hashes of this tile"))
}

/// Writes a tile. A tile of this name and another content means that the log was altered: it stays as it is.
pub(crate) fn keep_tile(store: &dyn Store, id: TileId, hashes: &[Hash]) -> Result<(), StoreError> {
    let (place, text) = (places::tile(id), STANDARD.encode(encode_tile(hashes)));
    match place.get(store)? {
        None => place.set(store, &text),
        Some(there) if there == text => Ok(()),
        Some(_) => Err(corrupt(&place, "written before with other hashes")),
    }
}

/// What a stored note says. Who signed it is not looked at.
pub(crate) fn opened(n: u64, note: &str) -> Result<Checkpoint, StoreError> {
    Checkpoint::unverified(note).map_err(|error| corrupt(&places::checkpoint(n), error))
}

/// The hash of the entry with this number.
pub(crate) fn leaf(store: &dyn Store, seq: u64) -> Result<Hash, StoreError> {
    let place = places::entry(seq);
    let entry = place.get(store)?.ok_or_else(|| missing(place.key()))?;
    Ok(leaf_hash(&entry.leaf()))
}

/// The same failure, as the store puts it.
pub(crate) fn failure(error: TreeError<StoreError>) -> StoreError {
    match error {
        TreeError::Read(error) => error,
        TreeError::Narrow { id, .. } => corrupt(&places::tile(id), "too narrow"),
        // Can't be: whoever asks has compared its index with the size.
        TreeError::Outside { size } => StoreError::Unavailable(format!("not in a tree of {size} entries")),
    }
}
