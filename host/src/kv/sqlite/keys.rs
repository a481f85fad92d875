//! Listing keys: a page from disk with the pending writes laid over it.

use std::collections::BTreeSet;

use super::{SqliteStore, file};
use crate::kv::{KvError, Seq};

impl SqliteStore {
    /// Up to `limit` keys after `after`, in byte order; fewer only at the end.
    pub(super) fn page(&self, store: &str, after: Option<&str>, limit: usize) -> Result<(Vec<String>, Seq), KvError> {
        // Pending writes first, disk second: one that commits in between is then seen twice instead of not at all.
        let (added, removed, seq) = self.pending_keys(store, after)?;
        // As many more as could be taken away again, so that a short page always means the end.
        let wanted = limit.saturating_add(removed.len());
        let stored = self.with_reader(|connection| file::read_keys(connection, store, after, wanted))?;
        let more_on_disk = stored.len() == wanted;
        let last_on_disk = stored.last().cloned();

        let mut keys: BTreeSet<String> = stored.into_iter().filter(|key| !removed.contains(key)).collect();
        keys.extend(added.into_iter().filter(|key| {
            // Beyond what disk has shown, other keys may still come before this one: it belongs to a later page.
            !more_on_disk || last_on_disk.as_ref().is_some_and(|last| key <= last)
        }));
        Ok((keys.into_iter().take(limit).collect(), seq))
    }

    /// Keys that pending writes add and remove, and the newest of those writes.
    fn pending_keys(
        &self,
        store: &str,
        after: Option<&str>,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>, Seq), KvError> {
        let state = self.shared.lock();
        state.check()?;
        let (mut added, mut removed, mut seq) = (BTreeSet::new(), BTreeSet::new(), Seq::START);
        for (key, pending) in state.all_pending() {
            if key.store() != store || after.is_some_and(|after| key.key() <= after) {
                continue;
            }
            seq = seq.max(pending.seq);
            // The newer write of a key comes first.
            if added.contains(key.key()) || removed.contains(key.key()) {
                continue;
            }
            let keys = if pending.value.is_some() { &mut added } else { &mut removed };
            keys.insert(key.key().to_owned());
        }
        Ok((added, removed, seq))
    }
}
