//! The tree of a log that grows, and of one that had entries before it had a tree.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{KEPT, MAX_STEP, Progress};
use common::{
    NOW, SIGNER, sequence,
    tree::{check_receipt_of, check_tree, grow, grown, newest, served, stage},
    watch::Watch,
};
use kv_schemas::{Store, memory::Memory};
use tlog::{Hash, TileId, full_tiles, leaf_hash, partials, root};

/// Beyond 256 tiles of 256.
const MANY: u64 = 70_000;

/// The hash of every entry, each looked at once.
fn hashes(store: &Memory, from: u64, to: u64) -> impl Iterator<Item = Hash> {
    (from..to).map(|n| leaf_hash(&audit::find(store, &format!("lc_{n}")).unwrap().unwrap().entry.leaf()))
}

#[test]
fn the_root_is_that_of_all_entries_at_every_size() {
    let (store, mut leaves) = (Memory::default(), Vec::new());
    for size in [1, 2, 3, 255, 256, 257, 511, 512, 513, 1_000, 32_768, 65_535, 65_536, 65_537, 65_792, 65_793, MANY] {
        let before = leaves.len() as u64;
        grow(&store, before, size);
        leaves.extend(hashes(&store, before, size));
        let checkpoint = newest(&store, &format!("{size} entries")).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (size, root(&leaves)), "{size} entries");
    }
    // The tiles that lie there are those of the tree, and few others: partial ones of the checkpoints before.
    let tile = |level: u8, index: u64| TileId { level, index, width: 256 };
    for index in 0..full_tiles(MANY, 0) {
        let first = (index * 256) as usize;
        assert_eq!(audit::tile(&store, tile(0, index)).unwrap().unwrap(), leaves[first..first + 256], "{index}");
    }
    let above: Vec<Hash> = leaves.chunks(256).filter(|full| full.len() == 256).map(root).collect();
    assert_eq!(audit::tile(&store, tile(1, 0)).unwrap().unwrap(), above[..256]);
    assert_eq!(above.len(), 273);
    let partial = partials(MANY).iter().map(|id| (id.level, id.index, id.width)).collect::<Vec<_>>();
    assert_eq!(partial, [(0, 273, 112), (1, 1, 17), (2, 0, 1)], "as in the specification");
    let stored = store.keys().into_iter().filter(|key| key.starts_with("tile/")).count();
    assert!((277..277 + 3 * KEPT).contains(&stored), "{stored} tiles");

    receipts(&store);
}

/// A receipt takes a number of reads that grows with the tree's height.
fn receipts(store: &Memory) {
    for n in [0, 1, 255, 256, 40_000, 65_535, 65_536, MANY - 113, MANY - 1] {
        let watch = Watch::of(store.clone());
        check_receipt_of(&watch, &format!("lc_{n}"), MANY);
        let (reads, writes) = (watch.reads.get(), watch.writes.get());
        // Three levels with two tiles each, one entry and its number, and the newest checkpoint.
        assert!(reads <= 16 && writes == 0, "{reads} reads, {writes} writes for the receipt of {n}");
    }
}

/// A log as it was before it had a tree.
fn treeless(count: u64) -> Memory {
    let store = grown(count);
    for key in store.keys() {
        if key.starts_with("tile/") || key.starts_with("checkpoint/") {
            store.delete(&key).unwrap();
        }
        if key.starts_with("sequencer/") {
            let mut state: serde_json::Value = serde_json::from_slice(&store.get(&key).unwrap().unwrap()).unwrap();
            for field in ["published", "kept", "frozen", "cleared"] {
                state.as_object_mut().unwrap().remove(field).unwrap();
            }
            store.set(&key, state.to_string().as_bytes()).unwrap();
        }
    }
    store
}

#[test]
fn a_log_that_had_entries_catches_up_in_steps() {
    let store = treeless(MAX_STEP * 2 + 300);
    let watch = Watch::of(store);
    assert_eq!(audit::checkpoint(&watch), Ok(None));
    assert_eq!(audit::receipt(&watch, "lc_0"), Ok(None), "not under a checkpoint yet");
    let mut sizes = Vec::new();
    for n in 0..4 {
        watch.forget_counts();
        let Progress { size, staged, published } = sequence(&watch, NOW.plus(n), 1_000).unwrap();
        assert_eq!((size, staged), (MAX_STEP * 2 + 300, 0));
        sizes.push(published);
        assert!(u64::from(watch.reads.get()) < MAX_STEP + 100, "{} reads", watch.reads.get());
        assert!(watch.writes.get() < 40, "{} writes", watch.writes.get());
        watch.check_history("while it catches up");
    }
    assert_eq!(sizes, [MAX_STEP, 2 * MAX_STEP, 2 * MAX_STEP + 300, 2 * MAX_STEP + 300]);
    assert_eq!(watch.writes.get(), 0, "then it is only read");
    check_tree(&watch.memory, "caught up");
    // And what a crash left of a step is made good, entries that came meanwhile included.
    let store = treeless(1_000);
    store.fail_after(200);
    assert!(sequence(&store, NOW, 1_000).is_err());
    store.recover();
    stage(&store, 1_000);
    assert_eq!(sequence(&store, NOW.plus(audit::LEASE_MS), 1_000).unwrap().published, 1_001);
    check_tree(&store, "made good");
}

#[test]
fn the_work_grows_with_the_entries_not_with_the_log() {
    let check = |before: u64, count: u64| {
        let watch = Watch::of(grown(before));
        for n in before..before + count {
            watch.forget_counts();
            stage(&watch, n);
            let (reads, writes) = (watch.reads.get(), watch.writes.get());
            assert!(reads <= 4 && writes == 3, "an append: the tail, the slot, where it is: {reads}, {writes}");
        }
        watch.forget_counts();
        sequence(&watch, NOW, 1_000).unwrap();
        (watch.reads.get(), watch.writes.get())
    };
    for (before, count) in [(0, 1), (255, 1), (10_000, 1), (10_000, 100), (10_000, 1_000)] {
        let (reads, writes) = check(before, count);
        let (per_read, per_write) = (5 * count as u32 + 60, 10 * count as u32 + 40);
        assert!(reads < per_read && writes < per_write, "{count} on {before}: {reads} reads, {writes} writes");
    }
}

#[test]
fn the_last_16_checkpoints_and_their_tiles_are_kept_and_no_others() {
    let store = grown(500);
    let check = |n: u64, size: u64| {
        let kept = (size + 1).saturating_sub(16).max(500)..=size;
        let mut expected: Vec<String> =
            (n - (kept.end() - kept.start())..=n).map(|n| format!("checkpoint/{n}")).collect();
        let name = |id: &TileId| format!("tile/{}/{}/{}", id.level, id.index, id.width);
        expected.extend(kept.flat_map(partials).map(|id| name(&id)));
        expected.extend((0..full_tiles(size, 0)).map(|index| format!("tile/0/{index}/256")));
        expected.sort();
        expected.dedup();
        let ours = |key: &String| key.starts_with("tile/") || key.starts_with("checkpoint/");
        let mut found: Vec<String> = store.keys().into_iter().filter(ours).collect();
        found.sort();
        assert_eq!(found, expected, "{size} entries");
    };
    check(1, 500);
    for (n, size) in (2..).zip(501..535) {
        grow(&store, size - 1, size);
        check(n, size);
    }
}

#[test]
fn only_what_is_under_the_checkpoint_is_served() {
    let store = grown(300);
    let tile = |level: u8, index: u64, width: u16| audit::tile(&store, TileId { level, index, width }).unwrap();
    let check = |level: u8, index: u64, width: u16, there: bool| {
        let served = tile(level, index, width).map(|hashes| hashes.len());
        assert_eq!(served, there.then_some(usize::from(width)), "{level} {index} {width}");
        if level == 0 {
            let bundle = audit::bundle(&store, tlog::BundleId { index, width }).unwrap();
            let entries = bundle.map(|bytes| tlog::decode_bundle(&bytes).unwrap().len());
            assert_eq!(entries, there.then_some(usize::from(width)), "{index} {width}");
        }
    };
    check(0, 0, 256, true);
    check(0, 0, 17, true);
    check(0, 1, 44, true);
    check(0, 1, 1, true);
    check(0, 1, 45, false);
    check(0, 1, 256, false);
    check(0, 2, 1, false);
    check(1, 0, 1, true);
    check(1, 0, 2, false);
    check(2, 0, 1, false);
    check(63, u64::MAX, 256, false);
    check(0, u64::MAX, 1, false);
    assert_eq!(tile(0, 0, 17).unwrap(), tile(0, 0, 256).unwrap()[..17], "cut, not stored");
    // Staged, then with a number, then under a checkpoint.
    stage(&store, 300);
    assert_eq!(audit::receipt(&store, "lc_300"), Ok(None));
    assert_eq!(audit::receipt(&store, "lc_unknown"), Ok(None));
    sequence(&store, NOW, 1).unwrap();
    check_receipt_of(&store, "lc_300", 301);
    assert!(tlog::tree_root(&mut served(&store), 301).is_ok());
    assert_eq!(SIGNER.name(), newest(&store, "301").unwrap().origin);
}
