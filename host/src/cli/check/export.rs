//! The proof beside an export: a signed checkpoint, and the tiles on the paths of the entries. Whoever has both can tell
//! that every line is what the log has under its number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ::audit::Entry;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use money::Nanos;
use serde::{Deserialize, Serialize};
use tlog::{Checkpoint, Hash, TILE_WIDTH, TileId, Verifier, partials, tree_root};

use super::Outcome;
use crate::cli::words;

/// The version of the file.
const VERSION: u32 = 1;

/// The file's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    v: u32,
    pub vkey: String,
    /// A signed note.
    pub checkpoint: String,
    /// Base64 by path.
    tiles: BTreeMap<String, String>,
}

/// Which key the checkpoint is checked with.
pub enum Key {
    Known(Verifier),
    /// The one in the file: it tells that nothing was changed since, not whose log it is.
    OfTheFile(Verifier),
}

/// `entries.ndjson` has its proof in `entries.proof.json`.
pub fn beside(export: &Path) -> PathBuf {
    let name = export.file_name().unwrap_or_default().to_string_lossy();
    export.with_file_name(format!("{}.proof.json", name.strip_suffix(".ndjson").unwrap_or(&name)))
}

/// The tiles that prove the entries with these numbers.
pub fn tiles(numbers: impl Iterator<Item = u64>, size: u64) -> BTreeSet<TileId> {
    let mut tiles: BTreeSet<TileId> = partials(size).into_iter().collect();
    let mut last = None;
    for number in numbers.filter(|number| *number < size) {
        // Neighbours share their path.
        if last.replace(number / TILE_WIDTH) != Some(number / TILE_WIDTH) {
            tiles.extend(TileId::path(number, size));
        }
    }
    tiles
}

impl Proof {
    pub fn new(vkey: &Verifier, checkpoint: &str, tiles: impl Iterator<Item = (TileId, Vec<u8>)>) -> Self {
        let tiles = tiles.map(|(id, bytes)| (id.to_string(), STANDARD.encode(bytes))).collect();
        Self { v: VERSION, vkey: vkey.to_string(), checkpoint: checkpoint.to_owned(), tiles }
    }

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|proof| proof.v == VERSION)
    }

    pub fn bytes(&self) -> Result<Vec<u8>> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?).into_bytes())
    }

    /// All its tiles, once they are proven by the root.
    fn proven(&self, checkpoint: &Checkpoint) -> Result<BTreeMap<TileId, Vec<Hash>>, String> {
        let mut tiles = BTreeMap::new();
        for (path, text) in &self.tiles {
            let id = path.parse::<TileId>().ok();
            let hashes = STANDARD.decode(text).ok().and_then(|bytes| tlog::decode_tile(&bytes));
            match id.zip(hashes).filter(|(id, hashes)| usize::from(id.width) == hashes.len()) {
                Some((id, hashes)) => drop(tiles.insert(id, hashes)),
                None => return Err(format!("{path} in the proof is no tile.")),
            }
        }
        let size = checkpoint.size;
        let root = tree_root(&mut |id: TileId| tiles.get(&id).cloned().ok_or(id), size);
        match root {
            Ok(root) if root == checkpoint.root => {}
            Ok(_) => return Err("the tiles in the proof don't come to the root of its checkpoint.".into()),
            Err(_) => return Err("the proof lacks tiles of its checkpoint.".into()),
        }
        for (id, hashes) in tiles.iter().filter(|(id, _)| !partials(size).contains(id)) {
            let above = id.level.checked_add(1).and_then(|level| TileId::in_tree(level, id.index / TILE_WIDTH, size));
            let place = usize::try_from(id.index % TILE_WIDTH).unwrap_or(usize::MAX);
            let due = above.and_then(|above| tiles.get(&above)?.get(place));
            if !id.is_full() || due != Some(&tlog::root(hashes)) {
                return Err(format!("{id} in the proof is not a tile of its checkpoint."));
            }
        }
        Ok(tiles)
    }
}

/// Verifies an export: every line, and that the checkpoint is the log's.
pub fn verify(export: &[u8], proof: &Proof, key: &Key) -> Outcome {
    match (proven(export, proof, key), key) {
        (Ok(lines), Key::Known(_)) => Outcome::Proven(lines),
        (Ok(lines), Key::OfTheFile(_)) => Outcome::InItself(lines),
        (Err(why), _) => Outcome::Refuted(why),
    }
}

fn proven(export: &[u8], proof: &Proof, key: &Key) -> Result<Vec<String>, String> {
    let (Key::Known(verifier) | Key::OfTheFile(verifier)) = key;
    let checkpoint = Checkpoint::open(&proof.checkpoint, verifier)
        .map_err(|error| format!("the checkpoint in the proof doesn't hold: {error}."))?;
    let tiles = proof.proven(&checkpoint)?;
    let (mut count, mut sum, mut tenants, mut last) = (0_u64, Nanos(0), BTreeSet::new(), None);
    let text = std::str::from_utf8(export).map_err(|_| "the export has bytes that are no text.".to_owned())?;
    for (number, line) in (1_u64..).zip(text.lines()) {
        let (seq, entry) = read(line).map_err(|why| format!("line {number} is no entry: {why}."))?;
        let id = TileId::in_tree(0, seq / TILE_WIDTH, checkpoint.size);
        let place = usize::try_from(seq % TILE_WIDTH).unwrap_or(usize::MAX);
        let logged = id.and_then(|id| tiles.get(&id)?.get(place));
        if logged != Some(&tlog::leaf_hash(&entry.leaf())) {
            let id = &entry.limit_check_id;
            return Err(format!("line {number} ({id}) is not what the log has as its number {seq}."));
        }
        if last.replace(seq).is_some_and(|last| last >= seq) {
            return Err(format!("line {number} has number {seq}, which doesn't follow the one before."));
        }
        count += 1;
        sum = sum.saturating_add(entry.cost_nanos);
        // What concerns no tenant is nobody's.
        tenants.extend(Some(entry.tenant_id).filter(|tenant| !tenant.is_empty()));
    }
    let whole = match key {
        Key::Known(_) => format!("proven: the log has each of these {} under its number", words::entries(count)),
        Key::OfTheFile(_) => "consistent in itself; whose log it is nobody can tell without --vkey".into(),
    };
    Ok(vec![
        whole,
        format!("  cost:  {sum} USD of {}, {}", words::tenants(tenants.len()), words::entries(count)),
        format!("  log:   {}, {}", checkpoint.origin, words::entries(checkpoint.size)),
        match key {
            Key::Known(_) => format!("  signed by {verifier}"),
            Key::OfTheFile(_) => {
                format!("  signed by {verifier}, the file's own key: compare it with /v1/audit/log/key")
            }
        },
    ])
}

fn read(line: &str) -> Result<(u64, Entry), String> {
    let (seq, entry) = Entry::from_line(line).map_err(|error| error.to_string())?;
    Ok((seq.ok_or("it has no number")?, entry))
}
