//! The newest checkpoint, and the tiles and entries under it.
//!
//! # Why it never shrinks
//!
//! A reader takes the number from the state, goes up while there is a next checkpoint, and then looks at the state again.
//! A checkpoint is made only by who has announced the one before it, so a state that is found from then on lacks at most
//! the newest: that one the reader finds by going up. If a number was missing because it was pruned, the state that says
//! so was announced before, and the second look shows it: the reader starts anew from there. So what a reader returns is
//! at least what was newest when it began.

use kv_schemas::{Store, StoreError};
use tlog::{BundleId, Checkpoint, Hash, TILE_WIDTH, TileId, encode_bundle};

use crate::{list::missing, places, state::State};

use super::stored;

/// How often a reader starts anew. Each time means that somebody published meanwhile.
const ATTEMPTS: u32 = 16;

/// The newest checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Newest {
    n: u64,
    /// Entries under it.
    pub size: u64,
    pub root: Hash,
    /// Signed.
    pub note: String,
}

/// The newest checkpoint: a signed note. `None` before the first.
///
/// # Errors
/// The store can't be reached, or the checkpoint in it is damaged.
pub fn checkpoint(store: &dyn Store) -> Result<Option<String>, StoreError> {
    Ok(newest(store)?.map(|newest| newest.note))
}

/// The tile as the newest checkpoint has it, cut to the width asked for. `None`: not, or not that wide, under it.
///
/// # Errors
/// The store can't be reached, or the tile is damaged.
pub fn tile(store: &dyn Store, id: TileId) -> Result<Option<Vec<Hash>>, StoreError> {
    under_newest(store, |newest| {
        let Some(whole) = TileId::in_tree(id.level, id.index, newest.size).filter(|whole| whole.width >= id.width)
        else {
            return Ok(None);
        };
        let mut hashes = stored::tile(store, whole)?;
        hashes.truncate(usize::from(id.width));
        Ok(Some(hashes))
    })
}

/// The leaves of the entries in this bundle: what the level-0 tile of the same index has the hashes of. `None`: not all of
/// them are under the newest checkpoint.
///
/// # Errors
/// The store can't be reached, or an entry is damaged.
pub fn bundle(store: &dyn Store, id: BundleId) -> Result<Option<Vec<u8>>, StoreError> {
    under_newest(store, |newest| {
        if BundleId::in_tree(id.index, newest.size).is_none_or(|whole| whole.width < id.width) {
            return Ok(None);
        }
        let first = id.index.saturating_mul(TILE_WIDTH);
        let numbers = first..first.saturating_add(u64::from(id.width));
        let leaves = numbers.map(|seq| {
            let place = places::entry(seq);
            place.get(store)?.map(|entry| entry.leaf()).ok_or_else(|| missing(place.key()))
        });
        let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
        // Can't fail: leaves are short, and a bundle is checked to be no wider than a tile.
        encode_bundle(leaves).map(Some).map_err(|error| StoreError::Unavailable(error.to_string()))
    })
}

/// Reads under the newest checkpoint. If something is missing, a slow reader's checkpoint may have been pruned: then it
/// reads under a newer one, which has all that and more.
pub(crate) fn under_newest<T>(
    store: &dyn Store,
    read: impl Fn(&Newest) -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut found = newest(store)?;
    for _ in 0..ATTEMPTS {
        let Some(under) = found else {
            return Ok(None);
        };
        let done = read(&under);
        if !matches!(done, Err(StoreError::Corrupt { .. })) {
            return done;
        }
        found = newest(store)?;
        if found.as_ref().is_none_or(|newer| newer.n == under.n) {
            return done;
        }
    }
    Err(busy())
}

fn newest(store: &dyn Store) -> Result<Option<Newest>, StoreError> {
    let mut from = State::load(store)?.published;
    for _ in 0..ATTEMPTS {
        let (n, note) = highest(store, from)?;
        let now = State::load(store)?.published;
        match note {
            None if n == 0 && now == 0 => return Ok(None),
            Some(note) if now <= n => {
                let Checkpoint { size, root, .. } = stored::opened(n, &note)?;
                return Ok(Some(Newest { n, size, root, note }));
            }
            None if now == from => return Err(missing(places::checkpoint(n).key())),
            _ => from = now,
        }
    }
    Err(busy())
}

/// The highest checkpoint that is reached from number `from` on, one by one.
fn highest(store: &dyn Store, from: u64) -> Result<(u64, Option<String>), StoreError> {
    let (mut n, mut note) = (from, None);
    if n > 0 {
        note = places::checkpoint(n).get(store)?;
    }
    while let Some(next) = places::checkpoint(n.saturating_add(1)).get(store)? {
        (n, note) = (n.saturating_add(1), Some(next));
    }
    Ok((n, note))
}

fn busy() -> StoreError {
    StoreError::Unavailable("checkpoints came faster than they were read".into())
}
