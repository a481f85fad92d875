//! The log against a checkpoint of it that was seen before: it may only have grown since.

use tlog::{Checkpoint, Hash, Verifier};

use crate::report::Report;

/// What whoever checks knows beforehand.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The key that the log's checkpoints are signed with. Without it no signature is checked.
    pub key: Option<Verifier>,
    /// The newest checkpoint that was found in order before.
    pub seen: Option<Checkpoint>,
}

impl Trust {
    /// Compares what was seen with the log of now: `size` entries long, with the root that `root` gives for a length.
    pub(crate) fn compare(&self, origin: &str, size: u64, root: impl Fn(u64) -> Option<Hash>, report: &mut Report) {
        let Some(seen) = self.seen.as_ref().filter(|seen| seen.origin == origin) else { return };
        let place = format!("log {origin}");
        if seen.size > size {
            let sentence = format!(
                "The log {origin} was rewritten: it had {} entries when it was last seen, and now it has {size}.",
                seen.size
            );
            report.differs("log_shrunk", place, (seen.size, size), sentence);
        } else if root(seen.size) != Some(seen.root) {
            let sentence = format!(
                "The history of the log {origin} was rewritten: its first {} entries are not those of when it was last seen.",
                seen.size
            );
            report.differs("log_rewritten", place, (), sentence);
        }
    }
}
