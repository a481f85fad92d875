//! Test logs: leaves with known contents, and their tiles in memory, cut without the code under test.

use std::collections::BTreeSet;
use tlog::{Hash, TileId, Tiles, leaf_hash, root};

/// What the entry at `index` of every test log says.
pub fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

pub fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(&entry(index))).collect()
}

/// The tiles of a log of one size. Serves exactly what such a log has to serve and panics when asked for more.
pub struct Memory {
    size: u64,
    /// `rows[level][n]` is the root of the n-th `256^level` leaves.
    rows: Vec<Vec<Hash>>,
    pub asked: BTreeSet<TileId>,
}

impl Memory {
    pub fn new(leaves: &[Hash]) -> Memory {
        let mut rows = vec![leaves.to_vec()];
        while rows.last().unwrap().len() >= 256 {
            let above = rows.last().unwrap().chunks_exact(256).map(root).collect();
            rows.push(above);
        }
        Memory { size: leaves.len() as u64, rows, asked: BTreeSet::new() }
    }

    /// The same log, for a fresh question.
    pub fn anew(&mut self) -> &mut Memory {
        self.asked.clear();
        self
    }

    pub fn hashes(&self, id: TileId) -> Vec<Hash> {
        let start = usize::try_from(id.index * 256).unwrap();
        self.rows[usize::from(id.level)][start..start + usize::from(id.width)].to_vec()
    }
}

impl Tiles for Memory {
    type Error = &'static str;

    fn tile(&mut self, id: TileId) -> Result<Vec<Hash>, &'static str> {
        assert_eq!(Some(id), TileId::in_tree(id.level, id.index, self.size), "a log of {} has no {id}", self.size);
        assert!(self.asked.insert(id), "{id} was asked for twice");
        Ok(self.hashes(id))
    }
}
