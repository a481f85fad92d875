//! How far the sequencer is, and the entries that are still on their way to it.

use calendar::Millis;
use kv_schemas::{Counter, Lease, Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{Entry, SettledTotal, Staged, places, recent::Recent, tree::KEPT};

/// More staged entries than this are not looked at by one reader: a bound on its time, not on the log. A list ends there;
/// there are no sums until the sequencer has caught up.
pub(crate) const MAX_STAGED: u64 = 10_000;

/// The sequencer's only memory. All that was done since it was saved is repeated after a crash, with the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The first stage index that has not been dealt with.
    pub next_stage: u64,
    /// Below this, no stage slot is read any more: who writes one late removes it.
    pub swept: u64,
    /// The first stage index that may still be in the store; 0 in states of before, where `swept` was that as well.
    #[serde(default)]
    pub cleared: u64,
    /// Entries in the log: the next sequence number.
    pub size: u64,
    /// Since when the sequencer has been waiting at a hole.
    pub hole: Option<Hole>,
    /// Holes passed over in the last run; looked at once more in the next.
    pub voids: Vec<u64>,
    /// The number of the newest checkpoint, from 1; 0 before the first.
    #[serde(default)]
    pub published: u64,
    /// The sizes of the checkpoints that are kept, oldest first: the last is that of number `published`.
    #[serde(default)]
    pub kept: Vec<u64>,
    /// The size of checkpoint `published + 1`, from when that is decided until it is published.
    #[serde(default)]
    pub frozen: Option<u64>,
    /// What the `size` entries come to; of states of before, those that have come since.
    #[serde(default)]
    pub settled: SettledTotal,
    /// The same of the last days, one by one; absent in states of before, until an entry gets its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<Recent>,
}

/// A wait at a stage index that was taken and isn't written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hole {
    /// The tail when the wait began. Every hole up to here is at least as old, so many holes cost one grace period.
    pub through: u64,
    pub first_seen: Millis,
}

impl Default for State {
    fn default() -> Self {
        Self {
            next_stage: 1,
            swept: 1,
            cleared: 1,
            size: 0,
            hole: None,
            voids: Vec::new(),
            published: 0,
            kept: Vec::new(),
            frozen: None,
            settled: SettledTotal::default(),
            recent: None,
        }
    }
}

impl State {
    /// Whether a run would find nothing to do.
    pub fn is_idle(&self, tail: u64) -> bool {
        let staged = self.next_stage <= tail || self.cleared() < self.next_stage || !self.voids.is_empty();
        !staged && self.published_size() == self.size && self.kept.len() <= KEPT
    }

    /// The first stage index that may still be in the store.
    pub fn cleared(&self) -> u64 {
        if self.cleared == 0 { self.swept } else { self.cleared }
    }

    /// Entries under the newest checkpoint.
    pub fn published_size(&self) -> u64 {
        self.kept.last().copied().unwrap_or(0)
    }

    /// Decides the size of the next checkpoint, with at most `room` entries more than the last, unless it is decided
    /// already or would be the same.
    pub fn freeze(&mut self, room: u64) {
        let last = self.published_size();
        let next = self.size.min(last.saturating_add(room));
        self.frozen = self.frozen.or((next > last).then_some(next));
    }

    /// The checkpoint that was decided is published.
    pub fn publish(&mut self) {
        if let Some(size) = self.frozen.take() {
            self.published = self.published.saturating_add(1);
            self.kept.push(size);
        }
    }

    /// The next stage index is dealt with.
    pub fn pass(&mut self) {
        self.next_stage = self.next_stage.saturating_add(1);
        self.hole = self.hole.filter(|hole| self.next_stage <= hole.through);
    }

    /// The state as it stands.
    pub fn load(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(Self::find(store)?.1)
    }

    /// The state as it stands, and the ticket of the run that wrote it; 0 when none has.
    ///
    /// What a run wrote and then still held the lease for is found by everybody from then on: later runs begin by
    /// copying it under their own ticket, and remove the original after that.
    pub fn find(store: &dyn Store) -> Result<(u64, Self), StoreError> {
        let mut newest = newest_ticket(store)?;
        loop {
            let (ticket, state) = at_or_below(store, newest)?;
            let now = newest_ticket(store)?;
            // The newest run may have copied the state and removed the original while we looked for it.
            if now == newest && (ticket == newest || !place(newest).exists(store)?) {
                return Ok((ticket, state));
            }
            newest = now;
        }
    }

    /// Saves it and tells whether whoever comes later finds it.
    pub fn announce(&self, store: &dyn Store, lease: &Lease) -> Result<bool, StoreError> {
        self.save(store, lease.ticket())?;
        lease.holds(store)
    }

    /// Saves it as the run with this ticket sees it. Later runs are not disturbed, however late this comes.
    pub fn save(&self, store: &dyn Store, ticket: u64) -> Result<(), StoreError> {
        place(ticket).set(store, self)
    }
}

/// Runs that crashed before they copied the state have none.
fn at_or_below(store: &dyn Store, newest: u64) -> Result<(u64, State), StoreError> {
    for ticket in (1..=newest).rev() {
        if let Some(state) = place(ticket).get(store)? {
            return Ok((ticket, state));
        }
    }
    Ok((0, State::default()))
}

/// Removes the states of earlier runs, once a copy is saved.
pub(crate) fn forget(store: &dyn Store, tickets: std::ops::Range<u64>) -> Result<(), StoreError> {
    for ticket in tickets {
        place(ticket).delete(store)?;
    }
    Ok(())
}

fn newest_ticket(store: &dyn Store) -> Result<u64, StoreError> {
    Ok(u64::try_from(tickets().read(store)?).unwrap_or(0))
}

pub(crate) fn tickets() -> Counter {
    families::SEQUENCER_TICKET.counter(&[])
}

fn place(ticket: u64) -> Value<State> {
    families::SEQUENCER.value(&[&ticket.to_string()])
}

/// The entries at or after `state.next_stage`, in order, each id once. Holes are passed over.
///
/// A reader that sums up or lists takes these *before* it reads what has been sequenced: an entry that moves on in
/// between is then in both, which [`sequenced_before`] tells, and never in neither.
pub(crate) fn staged(store: &dyn Store, state: &State) -> Result<Vec<Staged>, StoreError> {
    let tail = places::stage().tail(store)?.min(state.next_stage.saturating_add(MAX_STAGED));
    let mut seen = std::collections::BTreeSet::new();
    let mut entries = Vec::new();
    for index in state.next_stage..=tail {
        if let Slot::Entry(staged) = places::stage().get(store, index)?
            && seen.insert(staged.entry.limit_check_id.clone())
        {
            entries.push(staged);
        }
    }
    Ok(entries)
}

/// As [`staged`], for who sums up, with the state that it was read by: there is no sum of which a part is left out, since
/// whoever has counters lowered by a sum that is too low gives away what is spent.
pub(crate) fn all_staged(store: &dyn Store) -> Result<(State, Vec<Staged>), StoreError> {
    let state = State::load(store)?;
    if places::stage().tail(store)?.saturating_sub(state.next_stage) >= MAX_STAGED {
        return Err(StoreError::Unavailable("more entries wait for their place than can be summed up".into()));
    }
    let waiting = staged(store, &state)?;
    Ok((state, waiting))
}

/// Whether an entry is among the first `next` of the log.
pub(crate) fn sequenced_before(store: &dyn Store, entry: &Entry, next: u64) -> Result<bool, StoreError> {
    Ok(places::entry_of(&entry.limit_check_id).get(store)?.is_some_and(|seq| seq < next))
}
