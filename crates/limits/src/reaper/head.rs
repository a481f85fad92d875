//! What the reaper remembers between two runs.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use super::{patience::Patience, sums::Holds};

/// Holes remembered, at most. What doesn't fit is found again later.
const MAX_HOLES: usize = 1_024;
/// Permits remembered in the middle of a change, at most: more than calls that one crash can cut off.
const MAX_STUCK: usize = 8_192;
/// Of this many slots one may be open and still be moved.
const THIN: u64 = 4;

/// The changes that raise or lower counters.
pub(crate) const RESERVING: &str = "reserving";
/// See [`RESERVING`].
pub(crate) const RELEASING: &str = "releasing";
/// See [`RESERVING`].
pub(crate) const CLOSING: &str = "closing";

/// A permit in the middle of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stuck {
    /// Of which change.
    within: String,
    patience: Patience,
}

/// Where the walk stands, and what it is waiting for.
///
/// ```text
/// done with | first .. cursor .. until .. tail |
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// All slots before this one are done with, except `holes`.
    pub first: u64,
    /// Where the next run goes on; at or after `first`.
    pub cursor: u64,
    /// Where this walk ends: the tail as it was when it began.
    pub until: u64,
    /// The furthest that any walk has come: a hole before that was an entry once, or is one of `holes`.
    pub walked: u64,
    /// Permits found open so far by this walk, and by the last one.
    pub found: u64,
    /// See `found`.
    pub open: u64,
    /// What those hold that this walk has found so far.
    #[serde(default)]
    pub holds: Holds,
    /// The same of the last whole walk, and when that ended.
    #[serde(default)]
    pub held: Holds,
    /// See `held`.
    #[serde(default)]
    pub held_at: Millis,
    /// Permits that came onto the list, as far as it has been walked.
    #[serde(default)]
    pub permits: u64,
    /// Slots that were taken and not written when the walk passed: their writers may still come.
    pub holes: BTreeMap<u64, Patience>,
    /// Permits seen in the middle of a change.
    pub stuck: BTreeMap<String, Stuck>,
    /// When the last run was.
    pub ran_at: Millis,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            first: 1,
            cursor: 1,
            until: 0,
            walked: 0,
            found: 0,
            open: 0,
            holds: Holds::default(),
            held: Holds::default(),
            held_at: Millis(0),
            permits: 0,
            holes: BTreeMap::new(),
            stuck: BTreeMap::new(),
            ran_at: Millis(0),
        }
    }
}

fn place() -> Value<Head> {
    families::PERMIT_HEAD.value(&[])
}

impl Head {
    pub fn load(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(place().get(store)?.unwrap_or_default())
    }

    /// Saves it. A run that was replaced may write an older one: then some slots are looked at once more.
    pub fn save(mut self, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        self.ran_at = now;
        self.stuck.retain(|_, stuck| !stuck.patience.is_forgotten(now));
        while self.stuck.len() > MAX_STUCK {
            self.stuck.pop_last();
        }
        place().set(store, &self)
    }

    pub fn is_idle(&self, tail: u64) -> bool {
        self.first > tail && self.holes.is_empty()
    }

    /// All slots that may hold a permit.
    pub fn slots(&self, tail: u64) -> impl Iterator<Item = u64> + use<> {
        self.holes.keys().copied().collect::<Vec<_>>().into_iter().chain(self.first..=tail)
    }

    /// Whether a permit has stood still within the same change for long enough.
    pub fn is_stuck(&mut self, id: &str, within: &str, now: Millis) -> bool {
        let patience = match self.stuck.get(id) {
            Some(seen) if seen.within == within => seen.patience.again(now),
            _ => Patience::new(now),
        };
        self.stuck.insert(id.to_owned(), Stuck { within: within.into(), patience });
        patience.is_over(now)
    }

    /// The next change of a permit whose wait is over: nobody else is at it, so it isn't waited for once more.
    pub fn goes_on(&mut self, id: &str, within: &str) {
        if let Some(stuck) = self.stuck.get_mut(id) {
            stuck.within = within.into();
        }
    }

    /// What nothing has happened to for long enough, in the middle of raising or lowering counters.
    pub fn in_limbo(&self, now: Millis) -> Vec<String> {
        let counting = |stuck: &Stuck| [RESERVING, RELEASING, CLOSING].contains(&stuck.within.as_str());
        let over = self.stuck.iter().filter(|(_, stuck)| counting(stuck) && stuck.patience.is_over(now));
        over.map(|(id, _)| id.clone()).collect()
    }

    /// A permit that was seen in the middle of a change has come out of it.
    pub fn moves(&mut self, id: &str) {
        self.stuck.remove(id);
    }

    /// Notes a slot that is taken and not written. False: there is no room to wait for one more.
    pub fn waits_for(&mut self, slot: u64, now: Millis) -> bool {
        if self.holes.len() >= MAX_HOLES {
            return false;
        }
        self.holes.entry(slot).or_insert_with(|| Patience::new(now));
        true
    }

    /// Whether open permits lie so thin that moving them to the end is worth it. Only as far as a walk has counted them:
    /// of those that have come since nobody knows how many are open, and if they were taken for over, a burst that stays
    /// open would go round for ever.
    pub fn is_thin(&self, stretch: u64) -> bool {
        let length = self.walked.saturating_sub(self.first);
        length > self.open.max(self.found).saturating_mul(THIN).saturating_add(stretch.saturating_mul(2))
    }
}
