//! The sequencer's state, read on its own, and whether log, stage and checkpoints are as it says.

use std::collections::{BTreeMap, BTreeSet};

use audit::Staged;
use kv_schemas::{Slot, Store, StoreError, families};
use serde::Deserialize;

use crate::{
    keys::Keys,
    log::{Log, readable},
    report::Report,
};

/// What a run of the sequencer leaves for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct State {
    /// The first stage index that has not been dealt with.
    pub next_stage: u64,
    /// The first that may still be in the store.
    pub swept: u64,
    /// Entries in the log.
    pub size: u64,
    /// Stage indexes that were passed over, to be looked at once more.
    #[serde(default)]
    pub voids: Vec<u64>,
    /// The newest checkpoint that it knows of, from 1.
    #[serde(default)]
    pub published: u64,
    /// The sizes of those that are kept, the newest last.
    #[serde(default)]
    pub kept: Vec<u64>,
    /// The size that the next one will have, once that is decided.
    #[serde(default)]
    pub frozen: Option<u64>,
}

impl Default for State {
    fn default() -> Self {
        Self { next_stage: 1, swept: 1, size: 0, voids: Vec::new(), published: 0, kept: Vec::new(), frozen: None }
    }
}

impl State {
    /// That of the newest run. A run that was replaced writes under an older ticket.
    pub fn read(store: &dyn Store, keys: &Keys, report: &mut Report) -> Result<Self, StoreError> {
        let tickets = readable(families::SEQUENCER_TICKET.counter(&[]).read(store), report)?.unwrap_or(0);
        let mut newest = None;
        for ticket in keys.sequencer.iter().rev() {
            let value = families::SEQUENCER.value::<Self>(&[&ticket.to_string()]);
            if let Some(state) = readable(value.get(store), report)?.flatten() {
                newest = Some((*ticket, state));
                break;
            }
        }
        let drawn = u64::try_from(tickets).unwrap_or(0);
        if let Some((ticket, _)) = newest.as_ref().filter(|(ticket, _)| *ticket > drawn) {
            let sentence = format!(
                "The counter sequencer-ticket says {tickets}, but run {ticket} of the sequencer has left its state: the next \
                 run would not find it, and begin the log anew."
            );
            report.differs("sequencer_ticket", "sequencer-ticket", (ticket, tickets), sentence);
        }
        if newest.is_none() && !keys.entries.is_empty() && keys.sequencer.is_empty() {
            let sentence = "The sequencer's state is missing: its next run would begin the log anew.";
            report.differs("sequencer_state", "sequencer's state", (), sentence);
        }
        Ok(newest.map(|(_, state)| state).unwrap_or_default())
    }

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
