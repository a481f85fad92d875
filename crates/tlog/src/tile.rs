//! How the tree is cut into tiles of 256 hashes, and what the tiles are called.
//!
//! Source: <https://c2sp.org/tlog-tiles>, "Merkle Tree".

use crate::{Hash, text::decimal};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;
/// The same as the type of a width.
pub(crate) const FULL: u16 = 256;
/// Levels that a tree of `u64` leaves can have: `256^8 = 2^64`.
const LEVELS: u8 = 8;
/// The highest level a path may name.
const MAX_LEVEL: u64 = 63;

/// One tile: `width` hashes from `index * 256` on, each the root of `256^level` leaves.
///
/// As text it is the path `tile/<L>/<N>[.p/<W>]`, such as `tile/0/x001/067.p/5`. A full tile (width 256) has no suffix.
/// Values out of range have a text form that does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaf hashes.
    pub level: u8,
    /// The tile's place in its level.
    pub index: u64,
    /// 1 to 256.
    pub width: u16,
}

/// A path that does not name a tile or a bundle. There is one spelling for each; all others are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a tile's path")]
pub struct PathError;

impl TileId {
    /// The tile as it is in a tree of `size` leaves; `None` if that tree does not reach it.
    #[must_use]
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<TileId> {
        Some(TileId { level, index, width: width_in(hashes_at(size, level), index)? })
    }

    /// The tiles that the leaf at `index` is under in a tree of `size` leaves, from level 0 up to the first partial one.
    ///
    /// These and the tree's [`partials`] prove the leaf: the root of each full tile is a hash in the next.
    #[must_use]
    pub fn path(index: u64, size: u64) -> Vec<TileId> {
        let above = |level| (index < size).then(|| TileId::in_tree(level, full_tiles(index, level), size)).flatten();
        let mut path: Vec<TileId> = Vec::new();
        // A partial tile has no hash above it.
        while path.last().is_none_or(TileId::is_full) {
            let Some(id) = u8::try_from(path.len()).ok().and_then(above) else { break };
            path.push(id);
        }
        path
    }

    /// Whether nothing can be added to it any more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == FULL
    }
}

/// Tiles of `level` that are full in a tree of `size` leaves: `floor(size / 256^(level + 1))`.
#[must_use]
pub fn full_tiles(size: u64, level: u8) -> u64 {
    hashes_at(size, level.saturating_add(1))
}

/// The partial tile of each level in a tree of `size` leaves, bottom first; levels whose last tile is full have none.
///
/// They alone give the root: see [`crate::tree_root`] and [`crate::Edge`].
#[must_use]
pub fn partials(size: u64) -> Vec<TileId> {
    let last = |level| TileId::in_tree(level, full_tiles(size, level), size);
    (0..LEVELS).filter_map(last).collect()
}

/// The bytes of a tile: its hashes one after the other.
#[must_use]
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// The hashes of a tile; `None` unless the bytes are 1 to 256 whole hashes.
#[must_use]
pub fn decode_tile(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, []) = bytes.as_chunks::<32>() else { return None };
    (1..=usize::from(FULL)).contains(&hashes.len()).then(|| hashes.to_vec())
}

/// Roots of `256^level` leaves that a tree of `size` leaves has.
fn hashes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(8)).unwrap_or(0)
}

/// Width of the tile at `index` in a row of `hashes`; `None` if nothing of it is there.
pub(crate) fn width_in(hashes: u64, index: u64) -> Option<u16> {
    let from_its_start = hashes.checked_sub(index.checked_mul(TILE_WIDTH)?)?;
    u16::try_from(from_its_start.min(TILE_WIDTH)).ok().filter(|width| *width > 0)
}

impl fmt::Display for TileId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "tile/{}/{}", self.level, IndexPath { index: self.index, width: self.width })
    }
}

impl FromStr for TileId {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let rest = text.strip_prefix("tile/").ok_or(PathError)?;
        let (level, rest) = rest.split_once('/').ok_or(PathError)?;
        let level = decimal(level).filter(|level| *level <= MAX_LEVEL).ok_or(PathError)?;
        let IndexPath { index, width } = rest.parse()?;
        Ok(TileId { level: u8::try_from(level).map_err(|_| PathError)?, index, width })
    }
}

/// The end of a path, `<N>[.p/<W>]`, which tiles and bundles share.
#[derive(PartialEq, Eq)]
pub(crate) struct IndexPath {
    pub(crate) index: u64,
    pub(crate) width: u16,
}

impl fmt::Display for IndexPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        leading_groups(self.index / 1000, out)?;
        write!(out, "{:03}", self.index % 1000)?;
        if self.width == FULL { Ok(()) } else { write!(out, ".p/{}", self.width) }
    }
}

/// Groups of three digits before the last, each behind an `x`.
fn leading_groups(thousands: u64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if thousands == 0 {
        return Ok(());
    }
    leading_groups(thousands / 1000, out)?;
    write!(out, "x{:03}/", thousands % 1000)
}

impl FromStr for IndexPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let (path, width) = match text.split_once(".p/") {
            Some((path, width)) => {
                (path, decimal(width).filter(|width| (1..TILE_WIDTH).contains(width)).ok_or(PathError)?)
            }
            None => (text, TILE_WIDTH),
        };
        let width = u16::try_from(width).map_err(|_| PathError)?;
        let digits: String = path.chars().filter(char::is_ascii_digit).collect();
        let parsed = IndexPath { index: digits.parse().map_err(|_| PathError)?, width };
        // One spelling each: whatever was read must be written the same way.
        if parsed.to_string() == text { Ok(parsed) } else { Err(PathError) }
    }
}
