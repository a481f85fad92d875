//! Proofs checked: every proof has exactly one length, every index is inside the tree, every hash counts.
//!
//! Source: RFC 6962, sections 2.1.1 and 2.1.2; RFC 9162, sections 2.1.3.2 and 2.1.4.2, spell the same checks out.

use crate::{
    Hash, empty_root, node_hash,
    walk::{Step, to_end, to_leaf},
};
use thiserror::Error;

/// Why a proof proves nothing. None of these is worth a retry with the same input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The index is not below the size, or the old size is above the new.
    #[error("not in a tree of {size} leaves")]
    Outside {
        /// The tree's size.
        size: u64,
    },
    /// Too many hashes, or too few.
    #[error("a proof of {got} hashes where {expected} are due")]
    Length {
        /// What the sizes call for.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// The hashes do not add up to the root: the leaf or the proof is not of this tree.
    #[error("the proof leads to another root")]
    Root,
    /// The proof's old root is another: the new tree does not begin with the old one.
    #[error("the proof leads to another old root")]
    OldRoot,
}

/// Checks that the leaf with hash `leaf` is at `index` in the tree of `size` leaves with this `root`.
///
/// # Errors
/// It is not proven.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside { size });
    }
    let steps = to_leaf(index, size);
    exactly(steps.len(), proof)?;
    let climbed = steps.iter().rev().zip(proof).fold(*leaf, |below, (step, other)| match step {
        Step::Left { .. } => node_hash(&below, other),
        Step::Right { .. } => node_hash(other, &below),
    });
    if climbed == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves, given both roots.
///
/// With `old` 0 or equal to `new` the proof is empty; equal sizes have equal roots, and size 0 has the empty root.
///
/// # Errors
/// It is not proven.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Outside { size: new });
    }
    if old == 0 {
        exactly(0, proof)?;
        if *old_root != empty_root() {
            return Err(ProofError::OldRoot);
        }
        return if new > 0 || new_root == old_root { Ok(()) } else { Err(ProofError::Root) };
    }
    let (steps, _) = to_end(old, new);
    let shared_is_old = steps.iter().all(|step| matches!(step, Step::Left { .. }));
    exactly(steps.len().saturating_add(usize::from(!shared_is_old)), proof)?;
    let (shared, others) = match proof.split_first() {
        Some((shared, others)) if !shared_is_old => (shared, others),
        _ => (old_root, proof),
    };
    let climb = |(old, new): (Hash, Hash), (step, other): (&Step, &Hash)| match step {
        // What is to the right came after the old tree.
        Step::Left { .. } => (old, node_hash(&new, other)),
        Step::Right { .. } => (node_hash(other, &old), node_hash(other, &new)),
    };
    let (climbed_old, climbed_new) = steps.iter().rev().zip(others).fold((*shared, *shared), climb);
    if climbed_old != *old_root {
        return Err(ProofError::OldRoot);
    }
    if climbed_new == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

fn exactly(expected: usize, proof: &[Hash]) -> Result<(), ProofError> {
    if proof.len() == expected { Ok(()) } else { Err(ProofError::Length { expected, got: proof.len() }) }
}
