//! The tree's hashes, level by level, worked out from leaves alone.

use tlog::{Hash, TILE_WIDTH, TileId, tree_root};

/// `0[level][n]` is the root of the n-th `256^level` leaves; absent where one of them isn't known.
pub(crate) struct Rows(Vec<Vec<Option<Hash>>>);

impl Rows {
    pub fn of(leaves: Vec<Option<Hash>>) -> Self {
        let mut rows = vec![leaves];
        while let Some(last) = rows.last().filter(|row| row.len() >= width(TILE_WIDTH)) {
            let whole = |row: &[Option<Hash>]| row.iter().copied().collect::<Option<Vec<Hash>>>();
            let above =
                last.chunks_exact(width(TILE_WIDTH)).map(|row| whole(row).map(|row| tlog::root(&row))).collect();
            rows.push(above);
        }
        Self(rows)
    }

    /// How many leaves there are, known or not.
    pub fn len(&self) -> u64 {
        self.0.first().map_or(0, |leaves| crate::count(leaves.len()))
    }

    /// The hash of the leaf with this number.
    pub fn leaf(&self, seq: u64) -> Option<Hash> {
        self.hash(0, seq)
    }

    pub fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.0.get(usize::from(level))?.get(width(index)).copied().flatten()
    }

    /// What should stand in a tile; `None` if the log doesn't reach that far or a leaf below it isn't known.
    pub fn tile(&self, id: TileId) -> Option<Vec<Hash>> {
        let first = id.index.checked_mul(TILE_WIDTH)?;
        (0..u64::from(id.width)).map(|place| self.hash(id.level, first.checked_add(place)?)).collect()
    }

    /// The root of the first `size` leaves.
    pub fn root(&self, size: u64) -> Option<Hash> {
        tree_root(&mut |id| self.tile(id).ok_or(()), size).ok()
    }
}

fn width(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;

    #[test]
    fn rows_have_the_roots_of_the_leaves_below_them() {
        let leaves: Vec<Hash> = (0..600_u32).map(|n| tlog::leaf_hash(&n.to_be_bytes())).collect();
        let check = |size: usize, tile: &str, known: bool| {
            let rows = Rows::of(leaves[..size].iter().copied().map(Some).collect());
            assert_eq!(rows.root(crate::count(size)), Some(tlog::root(&leaves[..size])), "{size}");
            assert_eq!(rows.tile(tile.parse().unwrap()).is_some(), known, "{tile} of {size}");
        };
        check(0, "tile/0/000.p/1", false);
        check(1, "tile/0/000.p/1", true);
        check(255, "tile/0/000", false);
        check(256, "tile/0/000", true);
        check(600, "tile/1/000.p/2", true);
        check(600, "tile/1/000.p/3", false);
    }

    #[test]
    fn one_leaf_that_is_not_known_leaves_all_above_it_unknown() {
        let mut leaves: Vec<Option<Hash>> = (0..600_u32).map(|n| Some(tlog::leaf_hash(&n.to_be_bytes()))).collect();
        leaves[300] = None;
        let rows = Rows::of(leaves);
        assert!(rows.root(300).is_some() && rows.root(301).is_none() && rows.root(600).is_none());
        assert!(rows.hash(1, 0).is_some() && rows.hash(1, 1).is_none());
    }
}
