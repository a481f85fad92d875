//! Which key is to blame when the edge of the tree doesn't hash to the root that was signed: what an operator mends.

use kv_schemas::{Store, StoreError};
use tlog::{TILE_WIDTH, TileId, partials, root};

use crate::places;

use super::stored;

/// The first of the edge's tiles that what lies below it doesn't hash to; the checkpoint if there is none. Reads up to
/// 255 entries and 255 tiles for each level: only when nothing is signed anyway.
pub(crate) fn damaged(store: &dyn Store, n: u64, size: u64) -> StoreError {
    let tiles = partials(size).into_iter().map(|id| check(store, id));
    let found = tiles.filter_map(Result::err).next();
    found.unwrap_or_else(|| stored::corrupt(&places::checkpoint(n), "its root is not that of the tiles"))
}

fn check(store: &dyn Store, id: TileId) -> Result<(), StoreError> {
    let first = id.index.saturating_mul(TILE_WIDTH);
    for (at, hash) in (first..).zip(stored::tile(store, id)?) {
        let (below, what) = match id.level.checked_sub(1) {
            None => (stored::leaf(store, at)?, places::entry(at).key().to_owned()),
            Some(level) => {
                let below = TileId { level, index: at, width: 256 };
                (root(&stored::tile(store, below)?), places::tile(below).key().to_owned())
            }
        };
        if below != hash {
            return Err(stored::corrupt(&places::tile(id), format!("not what {what} hashes to")));
        }
    }
    Ok(())
}
