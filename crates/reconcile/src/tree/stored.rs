//! What the store holds of the tree: tiles and signed checkpoints, read but not believed.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use kv_schemas::{Store, StoreError, families};
use tlog::{Checkpoint, CheckpointError, Hash, NoteError, TileId, Verifier};

use crate::{keys::Keys, log::Log, reading::readable, report::Report};

pub(crate) struct Stored {
    pub tiles: BTreeMap<TileId, Vec<Hash>>,
    pub checkpoints: BTreeMap<u64, Signed>,
}

/// A checkpoint and what is known of its signature.
pub(crate) struct Signed {
    pub note: String,
    pub says: Checkpoint,
    pub signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Good,
    Bad,
    /// Nobody said by which key.
    Unchecked,
}

impl Stored {
    pub fn read(
        store: &dyn Store,
        keys: &Keys,
        log: &Log,
        key: Option<&Verifier>,
        report: &mut Report,
    ) -> Result<Self, StoreError> {
        let mut tiles = BTreeMap::new();
        for id in &keys.tiles {
            let parts = [id.level.to_string(), id.index.to_string(), id.width.to_string()];
            let [level, index, width] = parts.each_ref().map(String::as_str);
            let text = readable(families::TILE.value::<String>(&[level, index, width]).get(store), report)?.flatten();
            let Some(text) = text else { continue };
            match STANDARD.decode(text).ok().and_then(|bytes| tlog::decode_tile(&bytes)) {
                Some(hashes) if hashes.len() == usize::from(id.width) => drop(tiles.insert(*id, hashes)),
                _ => {
                    let sentence = format!("{id} can't be read: it isn't {} hashes.", id.width);
                    report.differs("unreadable", id.to_string(), (), sentence);
                }
            }
        }
        let mut checkpoints = BTreeMap::new();
        for n in &keys.checkpoints {
            let note = readable(families::CHECKPOINT.value::<String>(&[&n.to_string()]).get(store), report)?.flatten();
            let Some(note) = note else { continue };
            match Checkpoint::unverified(&note) {
                Ok(says) => {
                    // Those from before a change of the key are under the old one.
                    let is_newest = keys.checkpoints.last() == Some(n);
                    let old = !is_newest && log.changed_key_at(says.size);
                    let signature = signature(*n, &note, key, old, report);
                    checkpoints.insert(*n, Signed { note, says, signature });
                }
                Err(error) => {
                    let sentence = format!("Checkpoint {n} can't be read: {error}.");
                    report.differs("unreadable", format!("checkpoint {n}"), (), sentence);
                }
            }
        }
        Ok(Self { tiles, checkpoints })
    }

    pub fn newest(&self) -> Option<(u64, &Signed)> {
        self.checkpoints.iter().next_back().map(|(n, signed)| (*n, signed))
    }
}

fn signature(n: u64, note: &str, key: Option<&Verifier>, old: bool, report: &mut Report) -> Signature {
    let Some(key) = key else { return Signature::Unchecked };
    match Checkpoint::open(note, key) {
        Ok(_) => Signature::Good,
        Err(CheckpointError::Note(NoteError::Unsigned)) if old => Signature::Unchecked,
        Err(error) => {
            let sentence = format!("Checkpoint {n} was altered, or is not of the log with the key {key}: {error}.");
            report.differs("checkpoint_signature", format!("checkpoint {n}"), (), sentence);
            Signature::Bad
        }
    }
}
