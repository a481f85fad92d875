//! What has been paid of a live session, stretch by stretch: for the vendor's word of its end, which may come late.
//!
//! A stretch lasts from one tick to the next, the last one to the end. It is noted before its permit is settled; noted and
//! not settled, the permit is charged in full in the end.

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, expiry, families};
use serde::{Deserialize, Serialize};

use super::record::Live;

/// How many keys one line of the expiry names.
const KEYS: usize = 200;

/// A stretch, and the permit that pays for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    pub permit: String,
    pub since: Millis,
    pub until: Millis,
}

/// Stretches in the order of time.
#[derive(Debug, PartialEq, Eq)]
pub struct Stretches {
    all: Vec<Paid>,
    /// Until when it is paid and not for longer, if all who settled the last stretch said the same.
    pub until: Option<Millis>,
}

/// Notes what the tick pays until `until`.
pub fn note(store: &dyn Store, live: &Live, until: Millis) -> Result<(), StoreError> {
    let paid = Paid { permit: live.tick.clone(), since: live.tick_since, until };
    log(&live.id).append(store, &paid).map(drop)
}

/// Has the notes forgotten once `hour` is over.
pub fn forget_after(store: &dyn Store, id: &str, hour: u64) -> Result<(), StoreError> {
    let keys = log(id).keys(store)?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    keys.chunks(KEYS).try_for_each(|some| expiry::forget_after(store, hour, some))
}

/// All that is noted.
pub fn stretches(store: &dyn Store, id: &str) -> Result<Stretches, StoreError> {
    notes(store, id).map(Stretches::of)
}

/// Whether an end has settled the session until then.
pub fn is_settled(store: &dyn Store, live: &Live, until: Millis) -> Result<bool, StoreError> {
    let settles = |paid: &Paid| paid.permit == live.tick && paid.until == until;
    Ok(notes(store, &live.id)?.iter().any(settles))
}

fn notes(store: &dyn Store, id: &str) -> Result<Vec<Paid>, StoreError> {
    let (log, mut notes) = (log(id), Vec::new());
    for index in 1..=log.tail(store)? {
        if let Slot::Entry(paid) = log.get(store, index)? {
            notes.push(paid);
        }
    }
    Ok(notes)
}

fn log(id: &str) -> Log<Paid> {
    families::LIVE_PAID.log(&[id])
}

impl Stretches {
    /// Whoever tries again notes a stretch again, perhaps with another end.
    fn of(mut notes: Vec<Paid>) -> Self {
        notes.sort_by_key(|paid| paid.since);
        let mut all: Vec<Paid> = Vec::new();
        let mut until = None;
        for paid in notes {
            match all.last() {
                Some(last) if last.permit == paid.permit => until = until.filter(|until| *until == paid.until),
                _ => {
                    until = Some(paid.until);
                    all.push(paid);
                }
            }
        }
        // It was over before the last stretch began: then those before it are paid for too long.
        let began = all.last().map(|paid| paid.since);
        Self { all, until: until.filter(|until| began.is_none_or(|began| began <= *until)) }
    }

    /// The permit of the last one.
    pub fn last(&self) -> Option<&str> {
        self.all.last().map(|paid| paid.permit.as_str())
    }

    /// What they come to when it ended at `end`: the permits of the last one and of those that reach beyond the end, the
    /// newest first, each with the seconds it really used.
    pub fn anew(&self, live: &Live, end: Millis) -> Vec<(&str, u64)> {
        let next = self.all.iter().skip(1).map(|paid| Some(paid.since)).chain([None]);
        let beyond = self.all.iter().zip(next).filter(|(_, next)| next.is_none_or(|next| next > end));
        let used = |(paid, _): (&'_ Paid, _)| live.between(paid.since, end.max(paid.since));
        let mut found: Vec<_> = beyond.map(|one| (one.0.permit.as_str(), used(one))).collect();
        found.reverse();
        found
    }
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;
    use crate::live::record::tests::sample;

    fn check(step: u64, notes: &[(&str, u64, u64)], end: u64, until: Option<u64>, anew: &[(&str, u64)]) {
        let (store, live) = (Memory::default(), Live { step_seconds: step, ..sample() });
        for (permit, since, until) in notes {
            let paid = Live { tick: (*permit).into(), tick_since: Millis(since * 1_000), ..live.clone() };
            note(&store, &paid, Millis(until * 1_000)).unwrap();
        }
        let found = stretches(&store, &live.id).unwrap();
        assert_eq!(found.until, until.map(|until| Millis(until * 1_000)), "{notes:?}");
        assert_eq!(found.anew(&live, Millis(end * 1_000)), anew, "{notes:?} ended at {end}");
        forget_after(&store, &live.id, 10).unwrap();
        for hour in 8..14 {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(store.keys(), ["expiry-head"]);
    }

    #[test]
    fn what_reaches_beyond_the_end_is_cut() {
        let ticks = [("a", 0, 15), ("b", 15, 30), ("c", 30, 40)];
        check(1, &ticks, 40, Some(40), &[("c", 10)]);
        check(1, &ticks, 33, Some(40), &[("c", 3)]);
        check(1, &ticks, 30, Some(40), &[("c", 0)]);
        check(1, &ticks, 20, Some(40), &[("c", 0), ("b", 5)]);
        check(1, &ticks, 0, Some(40), &[("c", 0), ("b", 0), ("a", 0)]);
        check(1, &ticks, 70, Some(40), &[("c", 40)]);
        check(1, &[], 70, None, &[]);
    }

    #[test]
    fn begun_steps_stay_begun() {
        let ticks = [("a", 0, 50), ("b", 50, 100), ("c", 100, 130)];
        check(60, &ticks, 70, Some(130), &[("c", 0), ("b", 60)]);
        check(60, &ticks, 55, Some(130), &[("c", 0), ("b", 0)]);
        check(60, &ticks, 40, Some(130), &[("c", 0), ("b", 0), ("a", 60)]);
    }

    #[test]
    fn a_stretch_that_was_noted_twice_is_one() {
        check(1, &[("a", 0, 15), ("a", 0, 17), ("b", 17, 30)], 16, Some(30), &[("b", 0), ("a", 16)]);
        check(1, &[("a", 0, 15), ("b", 15, 30), ("b", 15, 28)], 28, None, &[("b", 13)]);
        check(1, &[("a", 0, 15), ("b", 15, 30), ("b", 15, 30)], 28, Some(30), &[("b", 13)]);
        // A tick in flight, whose session ended in the meantime.
        check(1, &[("a", 0, 15), ("a", 0, 14), ("b", 15, 14)], 14, None, &[("b", 0), ("a", 14)]);
    }
}
