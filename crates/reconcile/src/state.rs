//! The sequencer's state, read on its own.

use kv_schemas::{Store, StoreError, families};
use serde::Deserialize;

use crate::{keys::Keys, reading::readable, report::Report};

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
}
