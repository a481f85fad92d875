//! The log as a stranger checks it: over HTTP, with the log's key and nothing else that it would have to believe.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Mutex;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tlog::{
    BundleId, Checkpoint, Hash, Receipt, TILE_WIDTH, TileId, Verifier, consistency, decode_bundle, decode_tile,
    leaf_hash, root, tree_root, verify_consistency,
};

use crate::caller::Caller;

/// One who reads the log.
pub struct Log {
    caller: Caller,
    /// What its checkpoints are verified with.
    pub key: Verifier,
    /// Tiles never change, so one that was read is as good as one that is asked for.
    tiles: Mutex<BTreeMap<TileId, Vec<Hash>>>,
}

impl Log {
    /// Believes the key that it is told at first, and from then on only what follows from it.
    #[track_caller]
    pub fn of(caller: Caller) -> Self {
        let answer = caller.get("/v1/audit/log/key");
        answer.done();
        let text = answer.text();
        let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {text:?}"));
        let key = line.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { caller, key, tiles: Mutex::default() }
    }

    /// The newest checkpoint, whose signature holds.
    #[track_caller]
    pub fn checkpoint(&self) -> Checkpoint {
        let answer = self.caller.get("/v1/audit/log/checkpoint");
        answer.done();
        self.open(&answer.text())
    }

    #[track_caller]
    pub fn open(&self, note: &str) -> Checkpoint {
        Checkpoint::open(note, &self.key).unwrap_or_else(|error| panic!("{error}: {note}"))
    }

    /// The tile, which some checkpoint so far has.
    #[track_caller]
    pub fn tile(&self, id: TileId) -> Vec<Hash> {
        if let Some(known) = self.tiles.lock().expect("not poisoned").get(&id) {
            return known.clone();
        }
        let hashes = decode_tile(&self.file(&id.to_string())).unwrap_or_else(|| panic!("{id} is no tile"));
        assert_eq!(hashes.len(), usize::from(id.width), "{id}");
        self.tiles.lock().expect("not poisoned").insert(id, hashes.clone());
        hashes
    }

    #[track_caller]
    fn file(&self, path: &str) -> Vec<u8> {
        let answer = self.caller.get(&format!("/v1/audit/log/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.body
    }

    /// The leaves under a checkpoint, in order. They, and every tile over them, hash to what was signed.
    #[track_caller]
    pub fn leaves(&self, under: &Checkpoint) -> Vec<Vec<u8>> {
        let bundles = (0..).map_while(|index| BundleId::in_tree(index, under.size));
        let read = |id: BundleId| {
            let leaves = decode_bundle(&self.file(&id.to_string())).unwrap_or_else(|| panic!("{id} is no bundle"));
            assert_eq!(leaves.len(), usize::from(id.width), "{id}");
            leaves
        };
        let leaves: Vec<Vec<u8>> = bundles.flat_map(read).collect();
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(root(&hashes), under.root, "the bundles are what was signed");
        let mut row = hashes;
        for level in 0.. {
            for (index, part) in (0..).zip(row.chunks(TILE_WIDTH as usize)) {
                let id = TileId::in_tree(level, index, under.size).expect("in the tree");
                assert_eq!(self.tile(id), part, "{id}");
            }
            row = row.chunks_exact(TILE_WIDTH as usize).map(root).collect();
            if row.is_empty() {
                break;
            }
        }
        assert_eq!(tree_root(&mut self.source(), under.size), Ok(under.root), "the tiles are what was signed");
        leaves
    }

    /// The tree of `new` begins with that of `old`.
    #[track_caller]
    pub fn assert_extends(&self, old: &Checkpoint, new: &Checkpoint) {
        assert!(old.size <= new.size, "the log has shrunk: {old:?} {new:?}");
        let proof = consistency(&mut self.source(), old.size, new.size).expect("a proof");
        let proven = verify_consistency(old.size, &old.root, new.size, &new.root, &proof);
        assert_eq!(proven, Ok(()), "{old:?} {new:?}");
    }

    fn source(&self) -> impl FnMut(TileId) -> Result<Vec<Hash>, Infallible> {
        |id| Ok(self.tile(id))
    }

    /// The receipt of an entry, which proves this view of it; and the checkpoint in it.
    #[track_caller]
    pub fn assert_proven(&self, view: &Value) -> Checkpoint {
        let id = view["limit_check_id"].as_str().expect("an id");
        let answer = self.caller.get(&format!("/v1/audit/entries/{id}/proof"));
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        let receipt: Receipt = answer.text().parse().unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
        assert_eq!(receipt.extra.as_deref(), Some(canonical(view).as_bytes()), "{id}");
        if let Some(seq) = view["seq"].as_u64() {
            assert_eq!(receipt.index, seq, "{id}");
        }
        let proven = receipt.verify(&leaf(view), &self.key);
        proven.unwrap_or_else(|error| panic!("{id}: {error}"))
    }
}

/// The leaf of an entry, out of its view alone.
#[track_caller]
pub fn leaf(view: &Value) -> Vec<u8> {
    [&[1], Sha256::digest(canonical(view)).as_slice()].concat()
}

/// The bytes that the log commits to, out of the view alone: written here once more, so that a change shows.
#[track_caller]
pub fn canonical(view: &Value) -> String {
    let text = |name: &str| {
        let value = view.get(name).unwrap_or_else(|| panic!("no {name} in {view}"));
        format!(r#""{name}":{value}"#)
    };
    let head = ["v", "salt", "tenant_id", "company", "event_type", "provider", "model", "units_consumed", "unit_type"];
    let tail = ["cost_nanos", "limit_check_id", "channel", "capability", "settlement"];
    let mut parts: Vec<String> = head.into_iter().chain(tail).map(text).collect();
    parts.push(format!(r#""at_ms":{}"#, millis(view["at"].as_str().expect("a time"))));
    if let Some(digest) = view["personal"].get("digest") {
        parts.push(format!(r#""personal":{digest}"#));
    }
    if view["details"].as_object().is_some_and(|details| !details.is_empty()) {
        parts.push(text("details"));
    }
    format!("{{{}}}", parts.join(","))
}

/// `2026-11-20T09:00:00.000Z` in milliseconds since 1970.
fn millis(at: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| at[range].parse::<i64>().unwrap_or_else(|_| panic!("no time: {at}"));
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days from the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    (((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19)) * 1_000 + number(20..23)
}

#[test]
fn times_are_read_to_the_millisecond() {
    let check = |at: &str, expected: i64| assert_eq!(millis(at), expected, "{at}");
    check("1970-01-01T00:00:00.000Z", 0);
    check("2026-11-20T09:00:00.001Z", 1_795_165_200_001);
    check("2024-02-29T23:59:59.999Z", 1_709_251_199_999);
    check("2100-03-01T00:00:00.000Z", 4_107_542_400_000);
}
