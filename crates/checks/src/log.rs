//! Whether the audit log's checkpoint verifies, never goes back, and keeps up with the entries.

use tlog::{Checkpoint, Verifier};

use crate::Verdict;

/// How long an entry may wait for its checkpoint, in seconds: whoever reads the log waits so long at most.
pub const PATIENCE_S: u64 = 15;

/// What was read, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The log's public key, as it is served.
    pub key: String,
    /// A signed checkpoint.
    pub before: String,
    /// How many entries had a number then; `None` where nobody says.
    pub entries: Option<u64>,
    /// The checkpoint once it was of all of them, or the last one that was waited for.
    pub after: String,
}

impl Seen {
    /// Whether waiting longer could change anything.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let size = Checkpoint::unverified(&self.after).map_or(0, |checkpoint| checkpoint.size);
        self.entries.is_some_and(|entries| size < entries)
    }
}

/// See the module's description.
#[must_use]
pub fn check(seen: &Seen) -> Verdict {
    const AT: &str = "/v1/audit/log/checkpoint";
    let mut verdict = Verdict::default();
    let key: Verifier = match seen.key.trim().parse() {
        Ok(key) => key,
        Err(error) => {
            verdict.unknown("key_unreadable", "/v1/audit/log/key", format!("{error}"));
            return verdict;
        }
    };
    let (before, after) = match (Checkpoint::open(&seen.before, &key), Checkpoint::open(&seen.after, &key)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => {
            verdict.fail("signature", AT, format!("The checkpoint doesn't verify by the log's key: {error}."));
            return verdict;
        }
    };
    verdict.fact("tree_size", usize::try_from(after.size).unwrap_or(usize::MAX));
    if after.size < before.size {
        let message = format!("The tree had {} entries and now has {}: it must never shrink.", before.size, after.size);
        verdict.fail("shrunk", AT, message);
    } else if after.size == before.size && after.root != before.root {
        verdict.fail("forked", AT, format!("Two trees of {} entries have two roots.", after.size));
    }
    match seen.entries {
        Some(entries) if after.size < entries => {
            let waiting = entries.saturating_sub(after.size);
            let message = format!(
                "{waiting} entries still wait for a checkpoint after {PATIENCE_S} s. Is `/v1/maintenance` called?"
            );
            verdict.fail("behind", AT, message);
        }
        Some(_) => {}
        None => verdict.unknown(
            "entries_uncounted",
            "/v1/audit/entries",
            "The gate doesn't say how many entries there are.",
        ),
    }
    verdict
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use tlog::{Signer, empty_root, leaf_hash};

    use super::*;

    fn signer() -> Signer {
        Signer::new("log.example", [7; 32]).unwrap()
    }

    fn note(size: u64, root: tlog::Hash) -> String {
        Checkpoint { origin: "log.example".into(), size, root }.sign(&signer())
    }

    #[test]
    fn aud_2_ops_3_a_log_that_lags_shrinks_or_forks_is_found() {
        let check = |before: String, entries, after: String, expected: &[&str]| {
            let seen = Seen { key: format!("{}\n", signer().verifier()), before, entries, after };
            assert_eq!(self::check(&seen).found(), expected);
        };
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        const AT: &str = "/v1/audit/log/checkpoint";
        check(note(0, empty_root()), Some(0), note(0, empty_root()), &[]);
        check(note(3, a), Some(5), note(5, b), &[]);
        check(note(3, a), Some(5), note(4, b), &[&format!("behind {AT}")]);
        check(note(3, a), Some(0), note(2, b), &[&format!("shrunk {AT}")]);
        check(note(3, a), Some(3), note(3, b), &[&format!("forked {AT}")]);
        check(note(3, a), None, note(3, a), &["entries_uncounted /v1/audit/entries"]);
        check(note(3, a), Some(3), note(3, a).replace("\n3\n", "\n4\n"), &[&format!("signature {AT}")]);
        let stranger = Seen { key: "what".into(), before: note(0, a), entries: Some(0), after: note(0, a) };
        assert_eq!(self::check(&stranger).found(), ["key_unreadable /v1/audit/log/key"]);
    }

    #[test]
    fn ops_3_a_reader_waits_while_entries_wait() {
        let seen = |entries, size| Seen {
            key: String::new(),
            before: String::new(),
            entries,
            after: note(size, empty_root()),
        };
        assert!(seen(Some(5), 4).is_behind());
        assert!(!seen(Some(5), 5).is_behind());
        assert!(!seen(None, 0).is_behind());
    }
}
