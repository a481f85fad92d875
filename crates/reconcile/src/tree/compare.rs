//! Everything that is stored of the log against the leaves that its checkpoint vouches for.

use std::collections::BTreeSet;

use tlog::{Hash, TILE_WIDTH, TileId, full_tiles, partials};

use super::{rows::Rows, stored::Stored};
use crate::{log::Log, report::Report};

/// Entries that aren't those which were logged.
pub(crate) fn entries(log: &Log, size: u64, leaves: &Rows, report: &mut Report) {
    for (seq, entry) in log.numbered.range(..size) {
        let found = tlog::leaf_hash(&entry.leaf());
        if leaves.leaf(*seq).is_some_and(|logged| logged != found) {
            let tile = TileId::in_tree(0, seq / TILE_WIDTH, size).map(|id| id.to_string()).unwrap_or_default();
            let sentence = format!(
                "Entry {seq} of the log ({} of tenant {}) was changed after it was logged: {tile} and the checkpoint over it \
                 have another hash.",
                entry.limit_check_id, entry.tenant_id
            );
            report.differs("entry_changed", format!("log, number {seq}"), (), sentence);
        }
    }
}

/// Tiles that hold something else than the leaves come to, and those that are missing.
pub(crate) fn tiles(stored: &Stored, leaves: &Rows, report: &mut Report) {
    for (id, found) in &stored.tiles {
        let first = id.index.saturating_mul(TILE_WIDTH);
        let wrong = (first..).zip(found).find(|(index, hash)| {
            let due = leaves.hash(id.level, *index);
            // What isn't known can't be compared; what lies beyond the log belongs nowhere.
            due.map_or_else(|| beyond(leaves, id.level, *index), |due| due != **hash)
        });
        if let Some((index, _)) = wrong {
            let place = index.saturating_sub(first);
            let sentence = match (beyond(leaves, id.level, index), id.level) {
                (true, _) => format!("{id} has a hash at place {place}, beyond the end of the log."),
                (false, 0) => format!("{id} has another hash at place {place} than entry {index} of the log."),
                (false, level) => {
                    let below = TileId { level: level.saturating_sub(1), index, width: 256 };
                    format!("{id} has another hash at place {place} than {below} below it comes to.")
                }
            };
            report.differs("tile_differs", id.to_string(), (), sentence);
        }
    }
    for id in needed(stored) {
        if !stored.tiles.contains_key(&id) && !report.names(&id.to_string()) {
            let sentence = format!("{id} is missing: the log's checkpoints need it.");
            report.differs("tile_missing", id.to_string(), (), sentence);
        }
    }
}

fn beyond(leaves: &Rows, level: u8, index: u64) -> bool {
    let leaves_each = 1_u64.checked_shl(u32::from(level).saturating_mul(8)).unwrap_or(u64::MAX);
    index.saturating_add(1).saturating_mul(leaves_each) > leaves.len()
}

/// How many checkpoints, with the partial tiles they need, are always kept.
fn kept() -> u64 {
    crate::count(audit::KEPT)
}

/// The full tiles of the newest checkpoint, and the partial ones of all that are certainly kept.
fn needed(stored: &Stored) -> BTreeSet<TileId> {
    let Some((newest, signed)) = stored.newest() else { return BTreeSet::new() };
    let size = signed.says.size;
    let full =
        (0..8_u8).flat_map(|level| (0..full_tiles(size, level)).map(move |index| TileId { level, index, width: 256 }));
    let of_kept = stored.checkpoints.range(newest.saturating_sub(kept().saturating_sub(1))..);
    full.chain(of_kept.flat_map(|(_, signed)| partials(signed.says.size))).collect()
}

/// The kept checkpoints: a row of growing sizes without a gap, each with the root of the leaves it is over.
pub(crate) fn checkpoints(log: &Log, stored: &Stored, leaves: &Rows, report: &mut Report) {
    let Some((newest, last)) = stored.newest() else { return };
    let mut before: Option<(u64, u64)> = None;
    for (n, signed) in &stored.checkpoints {
        let tlog::Checkpoint { origin, size, root } = &signed.says;
        let place = format!("checkpoint {n}");
        if let Some((earlier, smaller)) = before.filter(|(_, smaller)| smaller >= size) {
            let sentence =
                format!("Checkpoint {n} is of {size} entries, but checkpoint {earlier} before it of {smaller}.");
            report.differs("checkpoint_size", &place, (), sentence);
        }
        if *origin != last.says.origin && !log.changed_key_at(*size) {
            let sentence = format!("Checkpoint {n} is of the log {origin}, but the newest of {}.", last.says.origin);
            report.differs("checkpoint_origin", &place, (), sentence);
        }
        // The newest decided what the leaves are.
        if *n != newest && leaves.root(*size).is_some_and(|due: Hash| due != *root) {
            let sentence = format!("Checkpoint {n} has another root than the first {size} entries of the log came to.");
            report.differs("checkpoint_root", &place, (), sentence);
        }
        before = Some((*n, *size));
    }
    let first = newest.saturating_sub(kept().saturating_sub(1)).max(1);
    for n in (first..newest).filter(|n| !stored.checkpoints.contains_key(n)) {
        let place = format!("checkpoint {n}");
        if !report.names(&place) {
            let sentence = format!("Checkpoint {n} is missing: the last {} are kept.", kept());
            report.differs("checkpoint_missing", place, (), sentence);
        }
    }
}
