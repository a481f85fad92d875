//! A transparency log's pure parts: bytes in, bytes out; no store, no clock, no network.
//!
//! One module per specification:
//!
//! | module | what | source |
//! |---|---|---|
//! | [`merkle`] | leaf and node hashes, roots | RFC 6962, section 2.1 |
//! | [`tile`], [`bundle`] | how the tree and its entries are cut into files, and their names | <https://c2sp.org/tlog-tiles> |
//! | [`edge`] | the growing right edge of a tree, all that a sequencer needs | <https://c2sp.org/tlog-tiles> |
//! | [`proof`] | proofs made out of tiles | RFC 6962, section 2.1 |
//! | [`verify`] | proofs checked | RFC 6962, section 2.1 |
//! | [`key`] | the keys that sign notes and check them | <https://c2sp.org/signed-note> |
//! | [`note`] | text under Ed25519 signatures | <https://c2sp.org/signed-note> |
//! | [`checkpoint`] | the signed size and root of a log | <https://c2sp.org/tlog-checkpoint> |
//! | [`receipt`] | an entry's proof that verifies offline | <https://c2sp.org/tlog-proof> |

pub mod bundle;
pub mod checkpoint;
pub mod edge;
pub mod key;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod receipt;
mod text;
pub mod tile;
pub mod verify;
mod walk;

pub use bundle::{BundleError, BundleId, decode_bundle, encode_bundle};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use edge::Edge;
pub use key::{KeyError, NameError, Signer, Verifier};
pub use merkle::{Hash, empty_root, leaf_hash, node_hash, root};
pub use note::{NoteError, Opened, open};
pub use proof::{Tiles, TreeError, consistency, inclusion, tree_root};
pub use receipt::{Receipt, ReceiptError};
pub use tile::{PathError, TILE_WIDTH, TileId, decode_tile, encode_tile, full_tiles, partials};
pub use verify::{ProofError, verify_consistency, verify_inclusion};
