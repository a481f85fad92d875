//! Every root and every proof of the sizes 0 to 600, and many of 70,000, compared with `ct-merkle` byte by byte.

use crate::memory::{Memory, entry, leaves};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2_011::Sha256;
use tlog::{
    Hash, consistency, empty_root, inclusion, leaf_hash, root, tree_root, verify_consistency, verify_inclusion,
};

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn oracle_root(oracle: &Oracle) -> Hash {
    oracle.root().as_bytes().as_slice().try_into().unwrap()
}

fn check_inclusion(oracle: &Oracle, log: &mut Memory, index: u64, size: u64, root: &Hash) {
    let proof = inclusion(log.anew(), index, size).unwrap();
    assert_eq!(proof.concat(), oracle.prove_inclusion(index as usize).as_bytes(), "{index} in {size}");
    verify_inclusion(&leaf_hash(&entry(index)), index, size, &proof, root)
        .unwrap_or_else(|error| panic!("{index} in {size}: {error}"));
}

fn check_consistency(oracle: &Oracle, log: &mut Memory, old: (u64, &Hash), new: (u64, &Hash)) {
    let proof = consistency(log.anew(), old.0, new.0).unwrap();
    let expected = oracle.prove_consistency((new.0 - old.0) as usize);
    assert_eq!(proof.concat(), expected.as_bytes(), "{} in {}", old.0, new.0);
    verify_consistency(old.0, old.1, new.0, new.1, &proof)
        .unwrap_or_else(|error| panic!("{} in {}: {error}", old.0, new.0));
}

/// Grows a log entry by entry and shows each size of it, with the roots so far.
fn each_size(mut check: impl FnMut(u64, &Oracle, &mut Memory, &[Hash])) {
    let (mut oracle, leaves, mut roots) = (Oracle::new(), leaves(600), vec![empty_root()]);
    for size in 0..=600u64 {
        if size > 0 {
            oracle.push(entry(size - 1));
            roots.push(oracle_root(&oracle));
        }
        check(size, &oracle, &mut Memory::new(&leaves[..size as usize]), &roots);
    }
}

#[test]
fn every_root_to_600() {
    let leaves = leaves(600);
    each_size(|size, _, log, roots| {
        let expected = roots[size as usize];
        assert_eq!(root(&leaves[..size as usize]), expected, "root of {size}");
        assert_eq!(tree_root(log, size).unwrap(), expected, "root of {size} out of tiles");
    });
}

#[test]
fn every_inclusion_to_600() {
    each_size(|size, oracle, log, roots| {
        for index in 0..size {
            check_inclusion(oracle, log, index, size, &roots[size as usize]);
        }
    });
}

#[test]
fn every_consistency_to_600() {
    each_size(|size, oracle, log, roots| {
        let root = roots[size as usize];
        for old in 1..size {
            check_consistency(oracle, log, (old, &roots[old as usize]), (size, &root));
        }
        // The oracle has no words for these two: they need no proof.
        for old in [0, size] {
            assert_eq!(consistency(log.anew(), old, size).unwrap(), Vec::<Hash>::new());
            verify_consistency(old, &roots[old as usize], size, &root, &[]).unwrap();
        }
    });
}

#[test]
fn places_in_70_000() {
    const SIZE: u64 = 70_000;
    let leaves = leaves(SIZE);
    let mut oracle = Oracle::new();
    (0..SIZE).for_each(|index| oracle.push(entry(index)));
    let (mut log, expected) = (Memory::new(&leaves), oracle_root(&oracle));
    assert_eq!(tree_root(log.anew(), SIZE).unwrap(), expected);
    // Both sides of every boundary between tiles of the levels 0 to 2, and places in between.
    let boundaries = [1u64, 255, 256, 257, 511, 512, 32_768, 65_279, 65_280, 65_535, 65_536, 65_537, 69_888, 69_999];
    for place in boundaries.into_iter().chain((0..SIZE).step_by(997).skip(1)) {
        check_inclusion(&oracle, &mut log, place, SIZE, &expected);
        check_consistency(&oracle, &mut log, (place, &root(&leaves[..place as usize])), (SIZE, &expected));
    }
}
