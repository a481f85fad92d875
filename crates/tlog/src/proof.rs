//! Roots, inclusion proofs and consistency proofs made out of tiles.
//!
//! Sources: RFC 6962, sections 2.1.1 and 2.1.2; <https://c2sp.org/tlog-tiles>.

use crate::{
    Hash, TILE_WIDTH, TileId, empty_root,
    merkle::fold,
    node_hash, partials, root,
    walk::{Span, Step, to_end, to_leaf},
};
use std::collections::{BTreeMap, btree_map::Entry};
use thiserror::Error;

/// Where tiles are read from.
///
/// Tiles are asked for in the width that the tree in question has; a wider one will do, for it begins with the same
/// hashes. What is read is not checked: a proof out of wrong tiles does not verify. A closure is a source, too.
pub trait Tiles {
    /// Why a tile cannot be read; a tile that is missing is such an error.
    type Error;

    /// The hashes of the tile.
    ///
    /// # Errors
    /// It is missing, or cannot be read.
    fn tile(&mut self, id: TileId) -> Result<Vec<Hash>, Self::Error>;
}

impl<F, E> Tiles for F
where
    F: FnMut(TileId) -> Result<Vec<Hash>, E>,
{
    type Error = E;

    fn tile(&mut self, id: TileId) -> Result<Vec<Hash>, E> {
        self(id)
    }
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError<E> {
    /// The source failed; what to do depends on its error.
    #[error("a tile cannot be read")]
    Read(E),
    /// The source gave fewer hashes than were asked for: the store is damaged.
    #[error("{id} has only {got} hashes")]
    Narrow {
        /// What was asked for.
        id: TileId,
        /// What came.
        got: usize,
    },
    /// The index or the old size is not in the tree: the caller's mistake.
    #[error("not in a tree of {size} leaves")]
    Outside {
        /// The tree's size.
        size: u64,
    },
}

/// The root of the first `size` leaves, out of the [`partials`] of that size.
///
/// # Errors
/// A tile could not be read.
pub fn tree_root<T: Tiles>(tiles: &mut T, size: u64) -> Result<Hash, TreeError<T::Error>> {
    let rows = partials(size).into_iter().map(|id| read(tiles, id)).collect::<Result<Vec<_>, _>>()?;
    Ok(fold(rows.iter()).unwrap_or_else(empty_root))
}

/// The proof that the leaf at `index` is in the tree of `size` leaves: its sibling first, the root's child last.
///
/// # Errors
/// `index` is not below `size`, or a tile could not be read.
pub fn inclusion<T: Tiles>(tiles: &mut T, index: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if index >= size {
        return Err(TreeError::Outside { size });
    }
    Reader::new(tiles, size).others(&to_leaf(index, size))
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves; empty if `old` is 0 or `new`.
///
/// # Errors
/// `old` is above `new`, or a tile could not be read.
pub fn consistency<T: Tiles>(tiles: &mut T, old: u64, new: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if old > new {
        return Err(TreeError::Outside { size: new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (steps, shared) = to_end(old, new);
    let mut reader = Reader::new(tiles, new);
    // The verifier knows the old root. It needs the shared subtree only where that is not the old tree itself.
    let mut proof = Vec::new();
    if steps.iter().any(|step| matches!(step, Step::Right { .. })) {
        proof.push(reader.hash(shared)?);
    }
    proof.extend(reader.others(&steps)?);
    Ok(proof)
}

/// One tile, cut to the width that was asked for.
pub(crate) fn read<T: Tiles>(tiles: &mut T, id: TileId) -> Result<Vec<Hash>, TreeError<T::Error>> {
    let mut hashes = tiles.tile(id).map_err(TreeError::Read)?;
    if hashes.len() < usize::from(id.width) {
        return Err(TreeError::Narrow { id, got: hashes.len() });
    }
    hashes.truncate(usize::from(id.width));
    Ok(hashes)
}

/// Hashes of subtrees out of the tiles of one tree; each tile is read once.
struct Reader<'a, T: Tiles> {
    tiles: &'a mut T,
    size: u64,
    seen: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<'a, T: Tiles> Reader<'a, T> {
    fn new(tiles: &'a mut T, size: u64) -> Self {
        Reader { tiles, size, seen: BTreeMap::new() }
    }

    /// The hashes beside the way, bottom first.
    fn others(&mut self, steps: &[Step]) -> Result<Vec<Hash>, TreeError<T::Error>> {
        steps.iter().rev().map(|step| self.hash(step.other())).collect()
    }

    /// The hash of a subtree: full ones to the left, the last one ragged.
    fn hash(&mut self, span: Span) -> Result<Hash, TreeError<T::Error>> {
        if span.length.is_power_of_two() {
            return self.full(span);
        }
        match span.halves() {
            Some((left, right)) => Ok(node_hash(&self.full(left)?, &self.hash(right)?)),
            None => Ok(empty_root()),
        }
    }

    /// The hash of a full subtree: on the highest level it has hashes on, they are 1 to 128 neighbours in one tile.
    fn full(&mut self, span: Span) -> Result<Hash, TreeError<T::Error>> {
        let (mut level, mut first, mut count) = (0u8, span.start, span.length);
        while count >= TILE_WIDTH {
            (level, first, count) = (level.saturating_add(1), first / TILE_WIDTH, count / TILE_WIDTH);
        }
        let outside = TreeError::Outside { size: self.size };
        let (Ok(at), Ok(count)) = (usize::try_from(first % TILE_WIDTH), usize::try_from(count)) else {
            return Err(outside);
        };
        let hashes = self.tile(level, first / TILE_WIDTH)?;
        hashes.get(at..at.saturating_add(count)).map(root).ok_or(outside)
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TreeError<T::Error>> {
        match self.seen.entry((level, index)) {
            Entry::Occupied(seen) => Ok(seen.into_mut()),
            Entry::Vacant(new) => {
                let id = TileId::in_tree(level, index, self.size).ok_or(TreeError::Outside { size: self.size })?;
                Ok(new.insert(read(self.tiles, id)?))
            }
        }
    }
}
