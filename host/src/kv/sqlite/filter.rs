//! Which keys are surely not in the file: a key that nobody has used before costs no look at the disk.
//!
//! A Bloom filter in layers, each twice the one before, up to a bound; each key's bits lie in one cache line. It forgets
//! nothing: a deleted key only costs the look again. Beyond its bound it fills up, and more and more keys are looked for on
//! disk, as without it. It counts only once it has seen every key that the file held at the start (see [`super::learn`]).

/// Bits per key at a layer's capacity: about one absent key of a hundred is looked for in vain.
const BITS_PER_KEY: usize = 12;
const PROBES: u32 = 7;
const WORDS_PER_BLOCK: usize = 8;
const BLOCK_BITS: usize = WORDS_PER_BLOCK * 64;
/// Blocks of the first layer: 128 KiB.
const FIRST_BLOCKS: usize = 2 * 1024;
/// All layers together: 64 MiB.
const MAX_BLOCKS: usize = 1024 * 1024;

struct Layer {
    blocks: Vec<[u64; WORDS_PER_BLOCK]>,
    room: usize,
}

/// See the module's description. Keys are given by their hashes.
pub struct Filter {
    layers: Vec<Layer>,
    max_blocks: usize,
    complete: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self::new(MAX_BLOCKS)
    }
}

impl Filter {
    fn new(max_blocks: usize) -> Self {
        Self { layers: vec![Layer::new(FIRST_BLOCKS.min(max_blocks))], max_blocks, complete: false }
    }

    /// A key is, or may soon be, in the file.
    pub fn insert(&mut self, hash: u64) {
        if self.may_hold(hash) {
            return;
        }
        let blocks: usize = self.layers.iter().map(|layer| layer.blocks.len()).sum();
        if let Some(newest) = self.layers.last()
            && newest.room == 0
            && blocks + newest.blocks.len() * 2 <= self.max_blocks
        {
            self.layers.push(Layer::new(newest.blocks.len() * 2));
        }
        if let Some(newest) = self.layers.last_mut() {
            newest.insert(hash);
        }
    }

    fn may_hold(&self, hash: u64) -> bool {
        self.layers.iter().any(|layer| layer.may_hold(hash))
    }

    /// All keys that were in the file before are inserted.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether the file surely has no such key.
    pub fn excludes(&self, hash: u64) -> bool {
        self.complete && !self.may_hold(hash)
    }
}

impl Layer {
    fn new(blocks: usize) -> Self {
        Self { blocks: vec![[0; WORDS_PER_BLOCK]; blocks], room: blocks * BLOCK_BITS / BITS_PER_KEY }
    }

    fn insert(&mut self, hash: u64) {
        self.room = self.room.saturating_sub(1);
        let block = self.block_of(hash);
        let block = &mut self.blocks[block];
        for (word, bit) in bits(hash) {
            block[word] |= bit;
        }
    }

    fn may_hold(&self, hash: u64) -> bool {
        let block = &self.blocks[self.block_of(hash)];
        bits(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    /// By the upper half; the lower one chooses the bits.
    fn block_of(&self, hash: u64) -> usize {
        ((hash >> 32) as usize * self.blocks.len()) >> 32
    }
}

fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    // Two numbers from one: the usual way to have several hashes (Kirsch and Mitzenmacher).
    let (first, step) = (hash as u32, (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32 | 1);
    (0..PROBES).map(move |n| {
        let bit = first.wrapping_add(step.wrapping_mul(n)) as usize % BLOCK_BITS;
        (bit / 64, 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyRef;
    use super::*;

    fn hash(n: usize) -> u64 {
        KeyRef::new("default", &format!("key/{n}")).hash
    }

    /// Of 10,000 other keys, how many are not excluded.
    fn mistaken(filter: &Filter) -> usize {
        (0..10_000).filter(|n| !filter.excludes(hash(1_000_000_000 + n))).count()
    }

    #[test]
    fn excludes_what_it_has_not_seen_and_never_what_it_has() {
        let mut filter = Filter::default();
        assert!(!filter.excludes(hash(0)), "not complete yet");
        filter.complete();
        assert!(filter.excludes(hash(0)));
        for n in 0..1_000_000 {
            filter.insert(hash(n));
        }
        assert!((0..1_000_000).all(|n| !filter.excludes(hash(n))));
        let mistaken = mistaken(&filter);
        assert!(mistaken < 800, "{mistaken} of 10,000");
    }

    #[test]
    fn beyond_its_bound_it_is_of_less_use_and_never_wrong() {
        let mut filter = Filter::new(64);
        filter.complete();
        for n in 0..100_000 {
            filter.insert(hash(n));
        }
        assert!(filter.layers.iter().map(|layer| layer.blocks.len()).sum::<usize>() <= 64);
        assert!((0..100_000).all(|n| !filter.excludes(hash(n))));
        assert!(mistaken(&filter) > 9_000);
    }
}
