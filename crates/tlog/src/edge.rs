//! The right edge of a growing tree: the partial tile of each level, which is all that appending needs.
//!
//! Source: <https://c2sp.org/tlog-tiles>, "Partial Tiles".

use crate::{Hash, TileId, TreeError, empty_root, full_tiles, merkle::fold, partials, proof::read, root, tile::FULL};

/// The hashes of each level that are not in a full tile yet, and the number of leaves.
///
/// A leaf goes into level 0. A level with 256 hashes is a full tile: its root goes one level up, and the level starts
/// anew. So the edge of a log of a billion entries is at most 255 hashes on each of four levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// Bottom first, each with fewer than 256 hashes.
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves out of its [`partials`].
    ///
    /// What was read is not checked: compare [`Edge::root`] with the signed checkpoint of that size before going on.
    ///
    /// # Errors
    /// A tile could not be read, or is narrower than asked.
    pub fn load<E>(size: u64, mut tiles: impl FnMut(TileId) -> Result<Vec<Hash>, E>) -> Result<Edge, TreeError<E>> {
        let mut edge = Edge { size, levels: Vec::new() };
        for id in partials(size) {
            let hashes = read(&mut tiles, id)?;
            edge.levels.resize(usize::from(id.level), Vec::new());
            edge.levels.push(hashes);
        }
        Ok(edge)
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the whole tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(self.levels.iter()).unwrap_or_else(empty_root)
    }

    /// Adds a leaf, and gives back the tiles that it made full, bottom first.
    pub fn push(&mut self, leaf_hash: Hash) -> Vec<(TileId, Vec<Hash>)> {
        let mut filled = Vec::new();
        self.size = self.size.saturating_add(1);
        let mut carried = Some(leaf_hash);
        let mut level = 0u8;
        while let Some(hash) = carried.take() {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(usize::from(level)) else { break };
            row.push(hash);
            if row.len() == usize::from(FULL) {
                let hashes = std::mem::take(row);
                carried = Some(root(&hashes));
                let index = full_tiles(self.size, level).saturating_sub(1);
                filled.push((TileId { level, index, width: FULL }, hashes));
                level = level.saturating_add(1);
            }
        }
        filled
    }

    /// The partial tiles with their hashes, bottom first: what a checkpoint of this size needs stored.
    #[must_use]
    pub fn partials(&self) -> Vec<(TileId, Vec<Hash>)> {
        let hashes = |id: TileId| Some((id, self.levels.get(usize::from(id.level))?.clone()));
        partials(self.size).into_iter().filter_map(hashes).collect()
    }

    /// The hashes of a partial tile, if that is the tile asked for.
    #[must_use]
    pub fn tile(&self, id: TileId) -> Option<&[Hash]> {
        let own = TileId::in_tree(id.level, id.index, self.size)?;
        if own.is_full() || id.width > own.width {
            return None;
        }
        self.levels.get(usize::from(id.level))?.get(..usize::from(id.width))
    }
}
