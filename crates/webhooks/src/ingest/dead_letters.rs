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

    fn is_dead(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let seen = families::WEBHOOK_SEEN.value::<Seen>(&[&self.tenant, &self.provider, &self.sha256]);
        Ok(seen.get(store)?.is_some_and(|seen| seen.progress == Progress::Dead))
    }
}

pub(crate) fn log() -> Log<DeadLetter> {
    families::DEAD_LETTER.log(&[])
}

pub(crate) fn bury(store: &dyn Store, letter: &DeadLetter) -> Result<(), StoreError> {
    log().append(store, letter).map(drop)
}

/// Events that are dead now, the newest first, each once; at most `limit`.
///
/// # Errors
/// The store can't be reached.
pub fn dead_letters(store: &dyn Store, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
    let (mut found, mut met) = (Vec::new(), BTreeSet::new());
    let tail = log().tail(store)?;
    let first = Head::load(store)?.dead_letters.max(tail.saturating_sub(MAX_SCAN));
    for index in (first..=tail).rev() {
        if found.len() >= limit {
            break;
        }
        let Slot::Entry(letter) = log().get(store, index)? else {
            continue;
        };
        if met.insert(letter.id.clone()) && letter.is_dead(store)? {
            found.push(letter);
        }
    }
    Ok(found)
}
