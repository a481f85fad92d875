//! The entries themselves, 256 to a file, each with its length in front.
//!
//! Source: <https://c2sp.org/tlog-tiles>, "Log entries".

use crate::{
    PathError,
    tile::{FULL, IndexPath, width_in},
};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// One bundle: `width` entries from `index * 256` on. As text it is the path `tile/entries/<N>[.p/<W>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    /// The bundle's place: the same as that of the level-0 tile over its entries.
    pub index: u64,
    /// 1 to 256.
    pub width: u16,
}

/// Entries that no bundle can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    /// An entry's length is written in two bytes.
    #[error("an entry is longer than 65,535 bytes")]
    EntryTooLong,
    /// A bundle has the entries of one level-0 tile.
    #[error("more than 256 entries in one bundle")]
    TooManyEntries,
}

impl BundleId {
    /// The bundle as it is in a tree of `size` leaves; `None` if that tree does not reach it.
    #[must_use]
    pub fn in_tree(index: u64, size: u64) -> Option<BundleId> {
        Some(BundleId { index, width: width_in(size, index)? })
    }
}

/// The bytes of a bundle: each entry after its length (two bytes, big-endian).
///
/// # Errors
/// An entry is too long, or there are more than 256 of them.
pub fn encode_bundle(entries: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        if at >= usize::from(FULL) {
            return Err(BundleError::TooManyEntries);
        }
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle; `None` unless the bytes are 1 to 256 whole entries.
#[must_use]
pub fn decode_bundle(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    while let Some((length, after)) = rest.split_first_chunk() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    (rest.is_empty() && (1..=usize::from(FULL)).contains(&entries.len())).then_some(entries)
}

impl fmt::Display for BundleId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "tile/entries/{}", IndexPath { index: self.index, width: self.width })
    }
}

impl FromStr for BundleId {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let IndexPath { index, width } = text.strip_prefix("tile/entries/").ok_or(PathError)?.parse()?;
        Ok(BundleId { index, width })
    }
}
