//! Personal data ages out: each kind of entry keeps its own for so many days.
//!
//! Entry by entry in the log's order, for each kind from where the last run stopped. What goes is `personal/{seq}` and
//! nothing else: the entry keeps its digest, and proofs, tiles, checkpoints and sums stay as they are.

use std::collections::BTreeMap;

use calendar::{DAY, Millis};
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Kind, erasure,
    list::missing,
    places,
    still::{Mark, still},
};

/// The most days that may be set: a century.
const MAX_DAYS: u32 = 36_500;

/// For how many days the personal data of each kind is kept. What isn't named is kept until it is erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    days: BTreeMap<Kind, u32>,
}

/// Why a setting is none. It is for the operator, who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RetentionError {
    /// Not `kind=days`.
    #[error("personal_retention: `{0}` must read kind=days, such as money=90")]
    Malformed(String),
    /// Not one of the kinds.
    #[error("personal_retention: `{0}` is no kind of entry: money, session and admin are")]
    UnknownKind(String),
    /// Twice, so that one of them isn't meant.
    #[error("personal_retention: `{0}` is there twice")]
    Twice(String),
    /// Not a number of days. Zero would be ambiguous.
    #[error(
        "personal_retention: the days of `{0}` must be a whole number from 1 to 36500; leave it out to keep the data \
         until it is erased"
    )]
    Days(String),
}

impl Retention {
    /// Reads `money=90 session=30 admin=365`: kinds in any order, separated by spaces.
    ///
    /// # Errors
    /// What can't be meant is refused rather than guessed at.
    pub fn parse(text: &str) -> Result<Self, RetentionError> {
        let mut days = BTreeMap::new();
        for part in text.split_ascii_whitespace() {
            let (name, number) = part.split_once('=').ok_or_else(|| RetentionError::Malformed(part.to_owned()))?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            let kind = kind.ok_or_else(|| RetentionError::UnknownKind(name.to_owned()))?;
            let is_plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse::<u32>().ok().filter(|number| is_plain && (1..=MAX_DAYS).contains(number));
            let number = number.ok_or_else(|| RetentionError::Days(name.to_owned()))?;
            if days.insert(kind, number).is_some() {
                return Err(RetentionError::Twice(name.to_owned()));
            }
        }
        Ok(Self { days })
    }
}

/// What one run has removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retained {
    /// Entries whose data was too old.
    pub aged: u64,
    /// Entries whose data somebody wanted erased.
    pub erased: u64,
}

/// Works off what was asked to be erased, and removes what is too old: in both at most `limit` entries are looked at in
/// one run, of each kind. May be called by many at once and as often as you like; with nothing to do it only reads.
///
/// # Errors
/// The store can't be reached. A later run continues.
pub fn retain(store: &dyn Store, now: Millis, retention: &Retention, limit: u32) -> Result<Retained, StoreError> {
    let still = still(store, now)?;
    let mut done = Retained { erased: erasure::work(store, now, still, u64::from(limit))?, aged: 0 };
    for (kind, days) in &retention.days {
        let age = u64::from(*days).saturating_mul(DAY);
        done.aged = done.aged.saturating_add(age_out(store, now, *kind, age, still, u64::from(limit))?);
    }
    Ok(done)
}

/// How far a kind has aged out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Head {
    /// All entries of the kind before this one are done with.
    next: u64,
    /// Since when we have been waiting for an entry from the future. A clock that was ahead once made it: it counts as
    /// made when it was first seen, or it would keep all behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Millis>,
}

fn age_out(store: &dyn Store, now: Millis, kind: Kind, age: u64, still: Mark, limit: u64) -> Result<u64, StoreError> {
    let place: Value<Head> = families::PERSONAL_HEAD.value(&[kind.name()]);
    let before = place.get(store)?.unwrap_or_default();
    let (mut head, mut removed) = (before, 0_u64);
    let end = still.size.min(head.next.saturating_add(limit));
    while head.next < end {
        let its = places::entry(head.next);
        let entry = its.get(store)?.ok_or_else(|| missing(its.key()))?;
        if entry.kind() == kind {
            let mut made = entry.at_ms;
            if made > now || head.since.is_some() {
                made = made.min(*head.since.get_or_insert(now));
            }
            if now.since(made) < age {
                break;
            }
            if entry.personal.is_some() {
                places::personal(head.next).delete(store)?;
                removed = removed.saturating_add(1);
            }
        }
        head = Head { next: head.next.saturating_add(1), since: None };
    }
    // What if we crash before this? The same is removed once more. And a run that was slow and sets the head back has a
    // later one do that.
    if head != before {
        place.set(store, &head)?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_strictly() {
        let check = |text: &str, days: Option<&[(Kind, u32)]>| {
            let expected = days.map(|days| Retention { days: days.iter().copied().collect() });
            assert_eq!(Retention::parse(text).ok(), expected, "{text}");
        };
        check("money=90 session=30 admin=365", Some(&[(Kind::Money, 90), (Kind::Session, 30), (Kind::Admin, 365)]));
        check("  admin=1\n", Some(&[(Kind::Admin, 1)]));
        check("money=36500", Some(&[(Kind::Money, 36_500)]));
        check("", Some(&[]));
        for bad in [
            "money",
            "money=",
            "=90",
            "money=0",
            "money=-1",
            "money=+1",
            "money=1.5",
            "money=090",
            "money=36501",
            "money=99999999999",
            "money=90d",
            "Money=90",
            "all=90",
            "money=90,session=30",
            "money = 90",
            "money=90 money=90",
            "money==90",
            "money=٣",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, says: &str| {
            let error = Retention::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(says), "{error}");
        };
        check("money", "`money` must read kind=days");
        check("mony=90", "`mony` is no kind");
        check("money=0", "from 1 to 36500; leave it out to keep");
        check("money=1 money=2", "`money` is there twice");
    }
}
