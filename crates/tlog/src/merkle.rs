//! The Merkle tree over SHA-256: how leaves and nodes are hashed, and what the root of a list is.
//!
//! Source: RFC 6962, section 2.1 (<https://www.rfc-editor.org/rfc/rfc6962.html#section-2.1>).

use sha2::{Digest, Sha256};

/// A SHA-256 hash: of a leaf, of a node, or of a whole tree.
pub type Hash = [u8; 32];

/// The root of the tree without leaves: `SHA256("")`.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest(b"").into()
}

/// `SHA256(0x00 || leaf)`. The prefix keeps a leaf from ever passing for a node.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// `SHA256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    node(left, right)
}

/// The root over `hashes`: hashes of leaves, or roots of full subtrees of one size, of which the last one may be ragged.
///
/// RFC 6962 splits from the top, at the largest power of two below the length. Pairing from the bottom and carrying
/// an odd last hash up unchanged gives the same tree, without recursion.
#[must_use]
pub fn root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).filter_map(joined).collect();
    }
    row.first().copied().unwrap_or_else(empty_root)
}

fn joined(pair: &[Hash]) -> Option<Hash> {
    match pair {
        [left, right] => Some(node_hash(left, right)),
        [odd] => Some(*odd),
        _ => None,
    }
}

fn node(left: &[u8], right: &[u8]) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over rows of hashes, bottom first, of which each hash stands for 256 of the row below.
///
/// What the rows below amount to is one ragged subtree at the end of the row above.
pub(crate) fn fold<'a>(rows: impl Iterator<Item = &'a Vec<Hash>>) -> Option<Hash> {
    rows.fold(None, |below, row| {
        let all: Vec<Hash> = row.iter().copied().chain(below).collect();
        (!all.is_empty()).then(|| root(&all))
    })
}

#[cfg(test)]
mod tests {
    use super::node;

    /// The one known answer that is not over whole hashes; the others are in `tests/spec`.
    #[test]
    fn a_node_is_prefix_left_right() {
        let hex: String = node(b"N123", b"N456").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
    }
}
