//! What is stored of an erasure.

use calendar::{DAY, HOUR, Millis};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{PersonKey, Whose, person::person_log};

/// How long it is known that somebody's data was erased, in hours.
pub(super) const KEPT_HOURS: u64 = 30 * DAY / HOUR;

/// An erasure: what was asked for, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// `per_...`
    pub id: String,
    /// Whose person it is.
    pub tenant: String,
    /// All that had happened by then is erased.
    pub asked_at: Millis,
    /// When nothing was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Millis>,
    /// What was erased so far.
    pub erased: Erased,
    /// Parts of the index that are still to be read, or were read and are to be forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) index: Vec<Part>,
    /// Consents whose names are still to be forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) consents: Vec<String>,
    /// Sessions that are being erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<Batch>,
}

/// How much it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Erased {
    /// Sessions.
    pub sessions: u64,
    /// Entries of the log whose personal data was erased.
    pub entries: u64,
    /// Consents whose names were forgotten.
    pub consents: u64,
}

/// A person's sessions of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub hash: String,
    /// What came later is not asked for.
    pub until: u64,
    /// Up to here they are in batches, or were.
    pub read: u64,
    /// Up to here they are forgotten.
    pub forgotten: u64,
}

/// Some sessions, erased together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Batch {
    pub sessions: Vec<Asked>,
    /// Where to go on in the feed; nowhere when that is done.
    pub feed: Option<u64>,
    /// The same in the kept answers.
    pub answers: Option<u64>,
    /// The sessions' own records are gone.
    pub forgotten: bool,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub session: String,
    /// What the log calls its part of the erasure, once it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Entries that the log has erased.
    pub entries: u64,
    pub done: bool,
}

impl Batch {
    pub fn of(sessions: impl IntoIterator<Item = String>) -> Self {
        let asked = |session| Asked { session, log: None, entries: 0, done: false };
        let sessions = sessions.into_iter().map(asked).collect();
        Self { sessions, feed: Some(0), answers: Some(0), forgotten: false }
    }

    pub fn entries(&self) -> u64 {
        self.sessions.iter().fold(0, |sum, asked| sum.saturating_add(asked.entries))
    }
}

impl Erasure {
    /// Of all that there is now. `consents` are those that a subject has given.
    pub(super) fn asked(
        store: &dyn Store,
        id: &str,
        tenant: &str,
        whose: &Whose,
        key: &PersonKey,
        consents: Vec<String>,
        now: Millis,
    ) -> Result<Self, StoreError> {
        let mut index = Vec::new();
        if let Whose::User(person) = whose {
            for hash in key.hashes(tenant, person, now) {
                let until = person_log(tenant, &hash).tail_if_any(store)?;
                if until > 0 {
                    index.push(Part { hash, until, read: 0, forgotten: 0 });
                }
            }
        }
        let batch = match whose {
            Whose::Session(session) => Some(Batch::of([session.clone()])),
            Whose::User(_) | Whose::Subject(_) => None,
        };
        let (id, tenant) = (id.to_owned(), tenant.to_owned());
        Ok(Self { id, tenant, asked_at: now, finished_at: None, erased: Erased::default(), index, consents, batch })
    }

    /// How much was erased so far, of the sessions under way too.
    #[must_use]
    pub fn so_far(&self) -> Erased {
        let under_way = self.batch.as_ref().map(Batch::entries).unwrap_or_default();
        Erased { entries: self.erased.entries.saturating_add(under_way), ..self.erased }
    }
}

pub(super) fn place(id: &str) -> Value<Erasure> {
    families::PERSON_ERASURE.value(&[id])
}
