//! Which leaves the newest checkpoint vouches for: those of the entries, if they come to its root; else those that its
//! tiles hold, as far as they come to it.
//!
//! Two that agree outvote the third. A root vouches for the tiles that come to it, and such a tile for the tiles below
//! that come to its hashes, down to the leaves.

use std::collections::BTreeMap;

use tlog::{Hash, TILE_WIDTH, TileId, partials, tree_root};

use super::{
    rows::Rows,
    stored::{Signature, Signed, Stored},
};
use crate::report::Report;

/// The leaves as they were logged; absent where nothing tells.
pub(crate) fn vouched_for(n: u64, signed: &Signed, entries: &Rows, stored: &Stored, report: &mut Report) -> Rows {
    let tlog::Checkpoint { size, root, .. } = &signed.says;
    let from_entries = entries.root(*size);
    if from_entries == Some(*root) {
        return as_they_are(entries);
    }
    let from_tiles = tree_root(&mut |id| stored.tiles.get(&id).cloned().ok_or(()), *size).ok();
    if from_tiles == Some(*root) {
        return descend(*size, entries, stored, report);
    }
    let place = format!("checkpoint {n}");
    let (what, sentence) = match (from_entries, from_tiles, signed.signature) {
        (Some(one), Some(other), Signature::Bad) if one == other => (
            "checkpoint_root",
            format!("Checkpoint {n} was altered: entries and tiles of the log agree, but not with its root."),
        ),
        (Some(one), Some(other), signature) if one == other => (
            "checkpoint_root",
            format!(
                "Checkpoint {n} has another root than its {size} entries and their tiles come to: {}.",
                if signature == Signature::Good {
                    "it is signed, so entries and tiles were rewritten after that"
                } else {
                    "it was altered, or they were rewritten after it was signed"
                }
            ),
        ),
        _ if entries.len() < *size => {
            ("checkpoint_size", format!("Checkpoint {n} is of {size} entries, but the log has only {}.", entries.len()))
        }
        _ => (
            "checkpoint_root",
            format!("Checkpoint {n} has a root that neither its {size} entries come to nor the tiles over them."),
        ),
    };
    report.differs(what, place, (), sentence);
    as_they_are(entries)
}

fn as_they_are(entries: &Rows) -> Rows {
    Rows::of((0..entries.len()).map(|seq| entries.leaf(seq)).collect())
}

/// From the partial tiles, which come to the root, down to the leaves.
fn descend(size: u64, entries: &Rows, stored: &Stored, report: &mut Report) -> Rows {
    // By level and index; the top first.
    let mut proven: BTreeMap<(u8, u64), Vec<Hash>> = BTreeMap::new();
    for id in partials(size) {
        proven.extend(stored.tiles.get(&id).map(|hashes| ((id.level, id.index), hashes.clone())));
    }
    let top = partials(size).last().map_or(0, |id| id.level);
    for level in (1..=top).rev() {
        let tiles: Vec<_> =
            proven.range((level, 0)..=(level, u64::MAX)).map(|(at, tile)| (*at, tile.clone())).collect();
        for ((level, index), tile) in tiles {
            for (child, hash) in (index.saturating_mul(TILE_WIDTH)..).zip(&tile) {
                let id = TileId { level: level.saturating_sub(1), index: child, width: 256 };
                let comes_to = |hashes: &Vec<Hash>| tlog::root(hashes) == *hash;
                let found = stored.tiles.get(&id).cloned().filter(comes_to);
                // A tile that is wrong or gone is named where all tiles are compared with these leaves.
                match found.or_else(|| entries.tile(id).filter(comes_to)) {
                    Some(hashes) => drop(proven.insert((id.level, id.index), hashes)),
                    None => undecided(id, entries, stored, report),
                }
            }
        }
    }
    let leaf = |seq: u64| {
        let tile = proven.get(&(0, seq / TILE_WIDTH))?;
        tile.get(usize::try_from(seq % TILE_WIDTH).ok()?).copied()
    };
    // Beyond the checkpoint nothing vouches for the entries but themselves.
    let longest = entries.len().max(size);
    Rows::of((0..longest).map(|seq| if seq < size { leaf(seq) } else { entries.leaf(seq) }).collect())
}

/// Neither a tile nor what is below it is as it was.
fn undecided(id: TileId, entries: &Rows, stored: &Stored, report: &mut Report) {
    let differs = |(place, hash): (u64, &Hash)| {
        let seq = id.index.saturating_mul(TILE_WIDTH).saturating_add(place);
        (entries.hash(id.level, seq) != Some(*hash)).then_some(seq)
    };
    let tile = stored.tiles.get(&id);
    let seq = tile.and_then(|tile| (0..).zip(tile).find_map(differs));
    let sentence = match (tile, seq) {
        (None, _) => format!("{id} is missing, and the entries under it are not as they were logged."),
        (Some(_), Some(seq)) if id.level == 0 => {
            format!("Neither {id} nor the entries under it are as they were logged; they differ first at entry {seq}.")
        }
        _ => format!("Neither {id} nor the entries under it are as they were logged."),
    };
    report.differs("tile_and_entries", id.to_string(), (), sentence);
}
