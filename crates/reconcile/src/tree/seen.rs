//! The log against checkpoints of it that were seen before: it may only have grown since.

use tlog::{Checkpoint, Hash, Verifier};

use crate::report::Report;

/// What whoever checks knows beforehand.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The key that the log's checkpoints are signed with. Without it no signature is checked.
    pub key: Option<Verifier>,
    /// Whether somebody vouches for that key, now: then another one from before was given up for it.
    pub pinned: bool,
    /// Checkpoints that were found in order before.
    pub seen: Vec<Seen>,
}

/// A checkpoint that was found in order before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it said.
    pub says: Checkpoint,
    /// The key that had signed it, where that was known.
    pub key: Option<Verifier>,
}

/// The log as it is shown now.
pub(crate) struct Shown<'a> {
    pub origin: &'a str,
    /// What its newest checkpoint is signed with, as far as that is known.
    pub key: Option<&'a Verifier>,
    pub size: u64,
}

impl Trust {
    /// Compares all that was seen with the log of now, which has the root that `root` gives for a length.
    pub(crate) fn compare(&self, shown: &Shown, root: impl Fn(u64) -> Option<Hash>, report: &mut Report) {
        let place = format!("log {}", shown.origin);
        for Seen { says: seen, key } in &self.seen {
            let begins = seen.size <= shown.size && root(seen.size) == Some(seen.root);
            if self.is_other(shown, seen, key.as_ref()) {
                let was = signed(&seen.origin, key.as_ref());
                let now = signed(shown.origin, shown.key);
                let entries = entries(seen.size);
                let advice = if begins {
                    format!(
                        "It does begin with the {entries} of that one: if the operator says that the key was changed, give the \
                         new one with --vkey."
                    )
                } else {
                    format!("It doesn't begin with the {entries} of that one.")
                };
                let sentence = format!("This log is {now}; the one seen before was {was}. {advice}");
                report.differs("log_other", &place, (was, now), sentence);
            } else if seen.size > shown.size {
                let sentence = format!(
                    "The log {} was rewritten: it had {} entries when it was last seen, and now it has {}.",
                    shown.origin, seen.size, shown.size
                );
                report.differs("log_shrunk", &place, (seen.size, shown.size), sentence);
            } else if !begins {
                let sentence = format!(
                    "The history of the log {} was rewritten: its first {} entries are not those of when it was last seen.",
                    shown.origin, seen.size
                );
                report.differs("log_rewritten", &place, (), sentence);
            }
        }
    }

    /// Another name or key than before, and nobody vouches for it.
    fn is_other(&self, shown: &Shown, seen: &Checkpoint, key: Option<&Verifier>) -> bool {
        let other_key = key.zip(shown.key).is_some_and(|(before, now)| before != now);
        let vouched = self.pinned
            && shown.key.is_some()
            && self.key.as_ref() == shown.key
            && shown.key.is_some_and(|key| key.name() == shown.origin);
        (seen.origin != shown.origin || other_key) && !vouched
    }

    /// Where there is no checkpoint at all.
    pub(crate) fn nothing_left(&self, report: &mut Report) {
        for Seen { says, key } in self.seen.iter().filter(|seen| seen.says.size > 0) {
            let sentence = format!(
                "There is no checkpoint of any log, but there was one of {} in the log {} when it was last seen.",
                entries(says.size),
                signed(&says.origin, key.as_ref())
            );
            report.differs("log_shrunk", format!("log {}", says.origin), (says.size, 0), sentence);
        }
    }
}

/// `log.example, signed by 01020304`
fn signed(origin: &str, key: Option<&Verifier>) -> String {
    match key {
        Some(key) => format!("{origin}, signed by {}", key_id(key)),
        None => format!("{origin}, signed by a key that isn't known"),
    }
}

/// A key's short name: eight hexadecimal digits.
#[must_use]
pub fn key_id(key: &Verifier) -> String {
    key.key_id().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entries(size: u64) -> String {
    if size == 1 { "1 entry".into() } else { format!("{size} entries") }
}
