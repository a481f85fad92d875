//! Proofs that must be refused: any bit, hash, index or size altered, and any other length.

use crate::memory::{Memory, entry, leaves};
use tlog::{
    Hash, ProofError, TileId, TreeError, consistency, empty_root, inclusion, leaf_hash, root, tree_root,
    verify_consistency, verify_inclusion,
};

const SIZES: [u64; 12] = [1, 2, 3, 4, 5, 7, 8, 9, 13, 64, 100, 257];

/// `proof` with one hash gone, doubled or added at each place, and with each bit flipped.
fn altered(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..=proof.len() {
        all.push([&proof[..at], &[[0; 32]], &proof[at..]].concat());
        if at < proof.len() {
            all.push([&proof[..at], &proof[at + 1..]].concat());
            all.push([&proof[..=at], &proof[at..]].concat());
            for bit in 0..256 {
                let mut flipped = proof.to_vec();
                flipped[at][bit / 8] ^= 1 << (bit % 8);
                all.push(flipped);
            }
        }
        if at + 1 < proof.len() {
            let mut swapped = proof.to_vec();
            swapped.swap(at, at + 1);
            all.push(swapped);
        }
    }
    all
}

fn flips(hash: &Hash) -> impl Iterator<Item = Hash> {
    (0..256).map(|bit| {
        let mut flipped = *hash;
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn altered_inclusion() {
    for size in SIZES {
        let leaves = leaves(size);
        let (mut log, root) = (Memory::new(&leaves), root(&leaves));
        for index in (0..size).step_by(if size > 13 { 17 } else { 1 }).chain([size - 1]) {
            let leaf = leaf_hash(&entry(index));
            let proof = inclusion(log.anew(), index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            for wrong in altered(&proof) {
                assert!(verify_inclusion(&leaf, index, size, &wrong, &root).is_err(), "{index} in {size}");
            }
            for wrong in flips(&leaf) {
                assert_eq!(verify_inclusion(&wrong, index, size, &proof, &root), Err(ProofError::Root));
            }
            for wrong in flips(&root) {
                assert_eq!(verify_inclusion(&leaf, index, size, &proof, &wrong), Err(ProofError::Root));
            }
            for wrong in (0..size + 3).chain([u64::MAX]).filter(|wrong| *wrong != index) {
                assert!(verify_inclusion(&leaf, wrong, size, &proof, &root).is_err(), "{index} as {wrong} in {size}");
            }
        }
    }
}

/// A proof of one size may happen to have the right shape for another, but then the root is another, too.
#[test]
fn inclusion_in_another_size() {
    let leaves = leaves(130);
    for size in 1..130u64 {
        let mut log = Memory::new(&leaves[..size as usize]);
        for index in (0..size).step_by(11) {
            let proof = inclusion(log.anew(), index, size).unwrap();
            for other in (0..=130u64).filter(|other| *other != size) {
                let (leaf, root) = (leaf_hash(&entry(index)), root(&leaves[..other as usize]));
                assert!(verify_inclusion(&leaf, index, other, &proof, &root).is_err(), "{index} of {size} in {other}");
            }
        }
    }
}

#[test]
fn altered_consistency() {
    for new in SIZES {
        let leaves = leaves(new);
        let (mut log, new_root) = (Memory::new(&leaves), root(&leaves));
        for old in (1..=new).step_by(if new > 13 { 17 } else { 1 }).chain([(new - 1).max(1)]) {
            let old_root = root(&leaves[..old as usize]);
            let proof = consistency(log.anew(), old, new).unwrap();
            assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()));
            for wrong in altered(&proof) {
                assert!(verify_consistency(old, &old_root, new, &new_root, &wrong).is_err(), "{old} in {new}");
            }
            for wrong in flips(&old_root) {
                assert!(verify_consistency(old, &wrong, new, &new_root, &proof).is_err(), "{old} in {new}");
            }
            for wrong in flips(&new_root) {
                assert!(verify_consistency(old, &old_root, new, &wrong, &proof).is_err(), "{old} in {new}");
            }
            for wrong in (0..new + 3).chain([u64::MAX]).filter(|wrong| *wrong != old) {
                assert!(verify_consistency(wrong, &old_root, new, &new_root, &proof).is_err(), "{old} as {wrong}");
            }
        }
    }
}

/// A log that took back or changed an entry finds no proof.
#[test]
fn a_rewritten_log_is_not_consistent() {
    for (old, new) in [(1u64, 2u64), (3, 7), (4, 8), (6, 8), (100, 257), (256, 300)] {
        let honest = leaves(new);
        let old_root = root(&honest[..old as usize]);
        for changed in [0, old as usize / 2, old as usize - 1] {
            let mut rewritten = honest.clone();
            rewritten[changed] = leaf_hash(b"something else");
            let proof = consistency(&mut Memory::new(&rewritten), old, new).unwrap();
            let verdict = verify_consistency(old, &old_root, new, &root(&rewritten), &proof);
            assert!(verdict.is_err(), "entry {changed} of {old} changed by {new}");
        }
    }
}

#[test]
fn equal_and_empty_trees() {
    let (empty, some, other) = (empty_root(), root(&leaves(5)), root(&leaves(6)));
    let surplus = [[0; 32]];
    type Row<'a> = (u64, &'a Hash, u64, &'a Hash, &'a [Hash], Result<(), ProofError>);
    let rows: [Row; 11] = [
        (0, &empty, 0, &empty, &[], Ok(())),
        (0, &empty, 5, &some, &[], Ok(())),
        (5, &some, 5, &some, &[], Ok(())),
        (0, &some, 5, &some, &[], Err(ProofError::OldRoot)),
        (0, &empty, 0, &some, &[], Err(ProofError::Root)),
        (0, &empty, 5, &some, &surplus, Err(ProofError::Length { expected: 0, got: 1 })),
        (0, &empty, 0, &empty, &surplus, Err(ProofError::Length { expected: 0, got: 1 })),
        (5, &some, 5, &some, &surplus, Err(ProofError::Length { expected: 0, got: 1 })),
        (5, &some, 5, &other, &[], Err(ProofError::Root)),
        (6, &other, 5, &some, &[], Err(ProofError::Outside { size: 5 })),
        (5, &empty, 0, &empty, &[], Err(ProofError::Outside { size: 0 })),
    ];
    for (at, (old, old_root, new, new_root, proof, expected)) in rows.into_iter().enumerate() {
        assert_eq!(verify_consistency(old, old_root, new, new_root, proof), expected, "row {at}");
    }
}

/// The largest trees that can be written down: no overflow, and a proof of exactly one length.
#[test]
fn sizes_at_the_end_of_the_range() {
    let hash = [1; 32];
    for (index, size, due) in
        [(0, u64::MAX, 64), (u64::MAX - 1, u64::MAX, 63), (1 << 63, u64::MAX, 64), (0, 1 << 63, 63)]
    {
        for length in 0..70 {
            let expected =
                if length == due { ProofError::Root } else { ProofError::Length { expected: due, got: length } };
            let verdict = verify_inclusion(&hash, index, size, &vec![hash; length], &hash);
            assert_eq!(verdict, Err(expected), "{index} of {size}");
        }
    }
    assert_eq!(verify_inclusion(&hash, u64::MAX, u64::MAX, &[], &hash), Err(ProofError::Outside { size: u64::MAX }));
    for old in [1, (1 << 63) - 1, 1 << 63, u64::MAX - 1] {
        assert!(verify_consistency(old, &hash, u64::MAX, &hash, &vec![hash; 64]).is_err(), "{old}");
    }
}

#[test]
fn the_prover_refuses_what_is_not_in_the_tree() {
    let mut log = Memory::new(&leaves(5));
    assert_eq!(inclusion(&mut log, 5, 5), Err(TreeError::Outside { size: 5 }));
    assert_eq!(inclusion(&mut log, 0, 0), Err(TreeError::Outside { size: 0 }));
    assert_eq!(consistency(&mut log, 6, 5), Err(TreeError::Outside { size: 5 }));
    let mut gone = |id: TileId| Err::<Vec<Hash>, _>(format!("{id} is gone"));
    let expected = TreeError::Read("tile/0/000.p/5".to_owned() + " is gone");
    assert_eq!(inclusion(&mut gone, 1, 5), Err(expected.clone()));
    assert_eq!(consistency(&mut gone, 1, 5), Err(expected.clone()));
    assert_eq!(tree_root(&mut gone, 5), Err(expected));
}
