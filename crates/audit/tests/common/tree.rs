//! What the log serves of its tree, seen as somebody outside sees it.

use audit::{Entry, Filter, Item, Position, Selection, Snapshot};
use kv_schemas::{Store, StoreError, memory::Memory};
use tlog::{
    BundleId, Checkpoint, Hash, TILE_WIDTH, TileId, decode_bundle, full_tiles, leaf_hash, partials, root, tree_root,
};

use super::{SIGNER, append, entry, everything, sequence};

/// A log of `count` entries `lc_0`, `lc_1` and so on, all with their numbers and under a checkpoint.
pub fn grown(count: u64) -> Memory {
    let store = Memory::default();
    grow(&store, 0, count);
    store
}

/// Appends entries from `from` up to `to`, a thousand to a run, and so to a checkpoint.
pub fn grow(store: &dyn Store, from: u64, to: u64) {
    for n in from..to {
        stage(store, n);
        if n + 1 == to || (n + 1).is_multiple_of(1_000) {
            sequence(store, super::NOW, 1_000).unwrap();
        }
    }
}

pub fn stage(store: &dyn Store, n: u64) {
    append(store, &entry(&format!("lc_{n}"), ["a", "b"][(n % 2) as usize], 1 + n as i64)).unwrap();
}

/// The hashes of all entries with a number, out of the entries.
pub fn leaves(store: &Memory) -> Vec<Hash> {
    let (mut hashes, mut start) = (Vec::new(), Some(Position(0)));
    let snapshot = Snapshot::take(store, Filter::All).unwrap();
    while let Some(from) = start {
        let (items, next) = snapshot.page(store, &Selection::default(), from, usize::MAX).unwrap();
        let numbered = items.iter().filter(|item| item.seq.is_some());
        hashes.extend(numbered.map(|item| leaf_hash(&item.entry.leaf())));
        start = next;
    }
    hashes
}

/// Tiles as the log serves them.
pub fn served(store: &dyn Store) -> impl FnMut(TileId) -> Result<Vec<Hash>, StoreError> {
    move |id| Ok(audit::tile(store, id)?.unwrap_or_else(|| panic!("{id} is under the checkpoint and isn't served")))
}

/// The newest checkpoint, with its signature and the root of its tiles checked; `None` before the first.
pub fn newest(store: &dyn Store, when: &str) -> Option<Checkpoint> {
    let note = audit::checkpoint(store).unwrap_or_else(|error| panic!("{when}: {error}"))?;
    let checkpoint = Checkpoint::open(&note, &SIGNER.verifier()).unwrap();
    let root = tree_root(&mut served(store), checkpoint.size).unwrap_or_else(|error| panic!("{when}: {error:?}"));
    assert_eq!(root, checkpoint.root, "the tiles under the checkpoint are there, {when}");
    Some(checkpoint)
}

/// Everything that is served agrees with the entries, and entries under the checkpoint have receipts that verify: the last
/// ones, and some of the others.
pub fn check_served(store: &Memory, when: &str) -> u64 {
    let Some(Checkpoint { size, root: signed, .. }) = newest(store, when) else {
        return 0;
    };
    let leaves = leaves(store);
    let under = &leaves[..size as usize];
    assert_eq!(root(under), signed, "{when}");
    let whole = TileId { level: 0, index: 0, width: 256 };
    let full = (0..full_tiles(size, 0)).map(|index| TileId { index, ..whole });
    for tile in full.chain(partials(size).into_iter().filter(|id| id.level == 0)) {
        let first = (tile.index * TILE_WIDTH) as usize;
        let expected = &under[first..first + usize::from(tile.width)];
        assert_eq!(audit::tile(store, tile).unwrap().unwrap(), expected, "{tile}, {when}");
        let bundle = audit::bundle(store, BundleId { index: tile.index, width: tile.width }).unwrap().unwrap();
        let hashes: Vec<Hash> = decode_bundle(&bundle).unwrap().iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(hashes, expected, "the bundle of {tile}, {when}");
    }
    let sampled = |seq: u64| seq.is_multiple_of(61) || seq + 3 > size;
    for item in everything(store, Filter::All).iter().filter(|item| item.seq.is_none_or(sampled)) {
        check_receipt(store, item, size, when);
    }
    size
}

fn check_receipt(store: &Memory, item: &Item, size: u64, when: &str) {
    let receipt = audit::receipt(store, &item.entry.limit_check_id).unwrap();
    let Some(seq) = item.seq.filter(|seq| *seq < size) else {
        assert_eq!(receipt, None, "not under the checkpoint yet, {when}");
        return;
    };
    let receipt = receipt.unwrap_or_else(|| panic!("{seq} has no receipt, {when}"));
    assert_eq!((receipt.index, receipt.extra.as_deref()), (seq, Some(item.entry.canonical().as_slice())), "{when}");
    assert_eq!(receipt.verify(&item.entry.leaf(), &SIGNER.verifier()).unwrap().size, size, "{when}");
}

/// The receipt of an entry verifies against the checkpoint of this size, and says what the entry says.
pub fn check_receipt_of(store: &dyn Store, id: &str, size: u64) {
    let receipt = audit::receipt(store, id).unwrap().unwrap_or_else(|| panic!("{id} has no receipt"));
    // By the receipt alone: the leaf follows from what it carries.
    let entry: Entry = serde_json::from_slice(receipt.extra.as_deref().unwrap()).unwrap();
    assert_eq!(entry.limit_check_id, id);
    assert_eq!(receipt.verify(&entry.leaf(), &SIGNER.verifier()).unwrap().size, size, "{id}");
}

/// All entries are under the newest checkpoint, as one who doesn't trust the log finds it.
pub fn check_tree(store: &Memory, when: &str) {
    assert_eq!(check_served(store, when), leaves(store).len() as u64, "all entries are under a checkpoint, {when}");
}
