//! The log's tree from outside: the signed checkpoint, the leaf hashes of its tiles, and entries as they come.
//!
//! Tiles and checkpoint show nothing of what entries say. So a tenant compares its own entries with them, and knows that
//! nothing of the log was changed without seeing anybody else's; the operator compares all.

use audit::Entry;
use calendar::Millis;
use serde_json::Value as Json;
use tlog::{Checkpoint, Hash, TILE_WIDTH, TileId, Verifier};

use super::{Trust, seen::Shown};
use crate::report::{Report, Severity};

/// Within this an entry stands under a checkpoint as a rule, in milliseconds.
const SEALED: u64 = 2 * 60_000;
/// And within this always, unless it was settled long after it was begun: that takes a second look.
const SEALED_FOR_SURE: u64 = 10 * 60_000;

/// What was fetched of the tree, and what came of it so far.
pub struct Tree {
    size: u64,
    leaves: Vec<Hash>,
    /// When it was fetched.
    now: Millis,
    /// Entries that stand beyond the checkpoint still.
    newer: u64,
    report: Report,
}

impl Tree {
    /// Begins with the checkpoint as it was served, the key that was served beside it, and the hashes of all level-0
    /// tiles of the checkpoint's size.
    #[must_use]
    pub fn new(now: Millis, note: &str, served: &Verifier, leaves: Vec<Hash>, trust: &Trust) -> Self {
        let mut report = Report::default();
        let key = trust.key.as_ref().unwrap_or(served);
        if key != served {
            let place = format!("log {}", served.name());
            let sentence = format!("The log shows the key {served}, but the key that is known of it is {key}.");
            report.differs("log_key", place, (key, served), sentence);
        }
        let checkpoint = Checkpoint::open(note, key).or_else(|error| {
            let sentence = format!("The checkpoint that is shown is not signed by the key {key}: {error}.");
            report.differs("checkpoint_signature", "checkpoint", (), sentence);
            Checkpoint::unverified(note)
        });
        let mut tree = Self { size: 0, leaves, now, newer: 0, report };
        match checkpoint {
            Ok(checkpoint) => tree.rooted(&checkpoint, served, trust),
            Err(error) => {
                let sentence = format!("The checkpoint that is shown can't be read: {error}.");
                tree.report.differs("unreadable", "checkpoint", (), sentence);
            }
        }
        tree.report.checkpoint = Some(note.to_owned());
        tree
    }

    fn rooted(&mut self, checkpoint: &Checkpoint, served: &Verifier, trust: &Trust) {
        let Checkpoint { origin, size, root } = checkpoint;
        self.size = *size;
        let there = crate::count(self.leaves.len());
        if there != *size || tlog::root(&self.leaves) != *root {
            let sentence = format!(
                "The tiles of the log, with {there} hashes, don't come to the root of its checkpoint of {size} entries."
            );
            self.report.differs("checkpoint_root", "checkpoint", (), sentence);
        }
        let first = |size: u64| self.leaves.get(..usize::try_from(size).ok()?).map(tlog::root);
        trust.compare(&Shown { origin, key: Some(served), size: *size }, first, &mut self.report);
    }

    /// How many entries there must be.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Compares the next entry with the leaf at its number.
    pub(crate) fn view(&mut self, id: &str, view: &Json) {
        let place = |seq: u64| format!("log, number {seq}");
        let seq = view.get("seq").and_then(Json::as_u64);
        let entry = match Entry::from_view(view) {
            Ok(entry) => entry,
            Err(error) => {
                let sentence = format!("The entry of {id} can't be what the log has: {error}.");
                return self.report.differs("entry_contradicts", format!("entry of {id}"), (), sentence);
            }
        };
        let Some(seq) = seq.filter(|seq| *seq < self.size) else {
            return self.unsealed(id, entry.at_ms);
        };
        let logged = usize::try_from(seq).ok().and_then(|at| self.leaves.get(at));
        if logged.is_some_and(|logged| *logged != tlog::leaf_hash(&entry.leaf())) {
            let tile = TileId::in_tree(0, seq / TILE_WIDTH, self.size).map(|id| id.to_string()).unwrap_or_default();
            let sentence = format!(
                "Entry {seq} of the log ({id} of tenant {}) is not the one that was logged: {tile} has another hash.",
                entry.tenant_id
            );
            self.report.differs("entry_changed", place(seq), (), sentence);
        }
    }

    /// An entry that no checkpoint is over yet. Nobody but the gate knows that there is one, so it must not stay so.
    fn unsealed(&mut self, id: &str, at: Millis) {
        self.newer = self.newer.saturating_add(1);
        let age = self.now.0.saturating_sub(at.0);
        let place = format!("entry of {id}");
        if age > SEALED_FOR_SURE {
            let sentence = format!(
                "The entry of {id} is of {at}, and no checkpoint of the log is over it: the log doesn't vouch for what it says."
            );
            self.report.differs("never_sealed", place, (), sentence);
        } else if age > SEALED {
            let sentence = format!("The entry of {id} is of {at}, and still waits for a checkpoint of the log.");
            self.report.add(Severity::Waiting, "not_sealed_yet", place, (), sentence);
        }
    }

    pub(crate) fn finish(mut self) -> Report {
        if self.newer > 0 {
            let sentence = format!("{} entries wait for the log's next checkpoint.", self.newer);
            self.report.add(Severity::Note, "before_checkpoint", "log", (), sentence);
        }
        self.report
    }
}
