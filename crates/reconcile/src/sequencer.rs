//! Whether log, stage and checkpoints are as the sequencer's state says.

use std::collections::{BTreeMap, BTreeSet};

use audit::Staged;
use kv_schemas::{Slot, Store, StoreError, families};

use crate::{keys::Keys, log::Log, report::Report, state::State};

impl State {
    /// Against entries, their index, and the stage.
    pub fn check(&self, store: &dyn Store, keys: &Keys, log: &Log, report: &mut Report) -> Result<(), StoreError> {
        let mut differs = |sentence: String| report.differs("sequencer_state", "sequencer's state", (), sentence);
        let is_indexed = |seq: &u64| {
            let id = log.numbered.get(seq).map_or("", |entry| &entry.limit_check_id);
            matches!(families::ENTRY_OF.value::<u64>(&[id]).get(store), Ok(Some(found)) if found == *seq)
        };
        // The entries of a run that is under way are still on the stage.
        let numbered = log.numbered.keys().next_back().map_or(0, |last| last.saturating_add(1));
        let (more, fewer) = (self.size > numbered, self.size < numbered);
        if more && !has_named(store, keys, log, numbered)? || fewer && log.strays.iter().any(is_indexed) {
            differs(format!(
                "The sequencer's state counts {} entries of the log, but there are {numbered}.",
                self.size
            ));
        }
        let tail = keys.stage.last().copied().unwrap_or(0).max(stage_tail(store));
        if self.next_stage > tail.saturating_add(1) || self.swept > self.next_stage {
            differs(format!(
                "The sequencer's state is ahead of the stage: it has dealt with {} slots and removed {}, of {tail}.",
                self.next_stage.saturating_sub(1),
                self.swept.saturating_sub(1)
            ));
        }
        if let Some((index, id)) = self.passed_over(store, keys, log)? {
            differs(format!(
                "The sequencer's state is ahead: it has dealt with stage slot {index}, but the entry of {id} there is not in \
                 the log."
            ));
        }
        Ok(())
    }

    /// A slot that is dealt with though its entry has no number and doesn't wait at another place.
    fn passed_over(&self, store: &dyn Store, keys: &Keys, log: &Log) -> Result<Option<(u64, String)>, StoreError> {
        let at = |index: u64| match families::STAGE.log::<Staged>(&[]).get(store, index) {
            Ok(Slot::Entry(staged)) => Ok(Some(staged.entry.limit_check_id)),
            Ok(Slot::Hole) | Err(StoreError::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let mut behind = Vec::new();
        for index in keys.stage.range(..self.next_stage).filter(|index| !self.voids.contains(index)) {
            behind.extend(at(*index)?.map(|id| (*index, id)));
        }
        if behind.is_empty() {
            return Ok(None);
        }
        let mut known: BTreeSet<String> = log.numbered.values().map(|entry| entry.limit_check_id.clone()).collect();
        for index in keys.stage.range(self.next_stage..).chain(&self.voids) {
            known.extend(at(*index)?);
        }
        Ok(behind.into_iter().find(|(_, id)| !known.contains(id)))
    }

    /// Against the checkpoints, given by number with their sizes.
    pub fn agrees_with(&self, checkpoints: &BTreeMap<u64, u64>, report: &mut Report) {
        let Self { published, kept, frozen, size, .. } = self;
        let mut differs = |sentence: String| report.differs("sequencer_state", "sequencer's state", (), sentence);
        let next = published.saturating_add(1);
        let newest = checkpoints.keys().next_back().copied().unwrap_or(0);
        // A checkpoint is written after its size was decided, and before the state says that it is there.
        if newest > next {
            differs(format!("The sequencer's state knows of {published} checkpoints, but there is number {newest}."));
        } else if newest == next && checkpoints.get(&next).copied() != *frozen {
            differs(format!("The sequencer's state doesn't know of checkpoint {next}, which is there."));
        }
        let wrong = (0..=*published).rev().zip(kept.iter().rev()).filter_map(|(n, size)| {
            let found = checkpoints.get(&n).filter(|found| *found != size)?;
            Some(format!("The sequencer's state says that checkpoint {n} is of {size} entries, but it is of {found}."))
        });
        wrong.for_each(&mut differs);
        let published_size = kept.last().copied().unwrap_or(0);
        let too_few = crate::count(kept.len()) < (*published).min(crate::count(audit::KEPT));
        if published_size > *size
            || frozen.is_some_and(|frozen| frozen <= published_size || frozen > *size)
            || too_few
            || crate::count(kept.len()) > *published
        {
            differs(format!(
                "The sequencer's state contradicts itself: {size} entries, {published} checkpoints, of {} of which it knows \
                 the sizes, the last {published_size}, the next {frozen:?}.",
                kept.len()
            ));
        }
        if newest < *published {
            let sentence = format!("Checkpoint {published} is missing: the sequencer's state names it as the newest.");
            report.differs("checkpoint_missing", format!("checkpoint {published}"), (), sentence);
        }
    }
}

/// Whether the index of permits knows of a number from `first` on: then it is the entry that is missing.
fn has_named(store: &dyn Store, keys: &Keys, log: &Log, first: u64) -> Result<bool, StoreError> {
    let there: BTreeSet<&str> = log.numbered.values().map(|entry| entry.limit_check_id.as_str()).collect();
    for id in keys.entry_of.iter().filter(|id| !there.contains(id.as_str())) {
        match families::ENTRY_OF.value::<u64>(&[id]).get(store) {
            Ok(found) if found.is_some_and(|found| found >= first) => return Ok(true),
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Only as far as it can be read: the stage itself is named elsewhere.
fn stage_tail(store: &dyn Store) -> u64 {
    families::STAGE.log::<Staged>(&[]).tail(store).unwrap_or(0)
}
