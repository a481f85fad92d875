//! Events whose effect failed, for an operator to look at and replay.

use std::collections::BTreeSet;

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, families};
use serde::{Deserialize, Serialize};

use super::{
    Event, Stored,
    event::{Progress, Seen},
    head::Head,
};

/// More are not looked at for one answer.
const MAX_SCAN: u64 = 2_000;

/// One failed event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The stored event.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// The vendor.
    pub provider: String,
    /// The vendor's own name of the event, where it could be read.
    pub name: Option<String>,
    /// Why the effect failed.
    pub reason: String,
    /// When it failed, in milliseconds since 1970.
    pub at_ms: Millis,
    /// How often it was tried. (Earlier releases tried once.)
    #[serde(default = "once")]
    pub attempts: u32,
    /// Where its progress is kept.
    pub(crate) sha256: String,
}

fn once() -> u32 {
    1
}

impl DeadLetter {
    pub(crate) fn new(
        stored: &Stored,
        event: &Result<Event, String>,
        reason: &str,
        attempts: u32,
        now: Millis,
    ) -> Self {
        Self {
            id: stored.id.clone(),
            tenant: stored.origin.tenant.clone(),
            provider: stored.origin.provider.clone(),
            name: event.as_ref().ok().map(|event| event.name.clone()),
            reason: reason.to_owned(),
            at_ms: now,
            attempts,
            sha256: stored.sha256.clone(),
        }
    }

    /// Whether the event is dead now, and this is the newest that was written of it: each replay that fails writes another.
    fn holds(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let seen = families::WEBHOOK_SEEN.value::<Seen>(&[&self.tenant, &self.provider, &self.sha256]);
        let seen = seen.get(store)?;
        Ok(seen.is_some_and(|seen| seen.progress == Progress::Dead && self.attempts >= seen.attempts))
    }
}

pub(crate) fn log() -> Log<DeadLetter> {
    families::DEAD_LETTER.log(&[])
}

pub(crate) fn bury(store: &dyn Store, letter: &DeadLetter) -> Result<(), StoreError> {
    log().append(store, letter).map(drop)
}

/// Which dead letters are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// One tenant's; all when absent.
    pub tenant: Option<String>,
    /// Those before this place of the list; the newest when absent.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// Some dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// The newest first.
    pub found: Vec<DeadLetter>,
    /// Where older ones are to be looked for ([`Wanted::before`]); absent when there can be none. So there may be more
    /// although few were found, or none: only so much is looked at for one answer.
    pub next: Option<u64>,
}

/// Events that are dead now, the newest first, each once; at most `limit`.
///
/// # Errors
/// The store can't be reached.
pub fn dead_letters(store: &dyn Store, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
    Ok(find_dead_letters(store, &Wanted { limit, ..Wanted::default() })?.found)
}

/// The same, of one tenant or all, page by page.
///
/// # Errors
/// The store can't be reached.
pub fn find_dead_letters(store: &dyn Store, wanted: &Wanted) -> Result<Letters, StoreError> {
    let (mut found, mut met) = (Vec::new(), BTreeSet::new());
    let first = Head::load(store)?.dead_letters;
    let end = wanted.before.unwrap_or(u64::MAX).min(log().tail(store)?.saturating_add(1));
    let mut next = end;
    for index in (first.max(end.saturating_sub(MAX_SCAN))..end).rev() {
        if found.len() >= wanted.limit {
            break;
        }
        next = index;
        let Slot::Entry(letter) = log().get(store, index)? else {
            continue;
        };
        let is_wanted = wanted.tenant.as_ref().is_none_or(|tenant| *tenant == letter.tenant);
        if is_wanted && !met.contains(&letter.id) && letter.holds(store)? {
            met.insert(letter.id.clone());
            found.push(letter);
        }
    }
    Ok(Letters { found, next: (next > first).then_some(next) })
}
