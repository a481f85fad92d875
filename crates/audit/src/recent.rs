//! What the deployment has settled on each of its last days: for who watches over all tenants.
//!
//! Like [`crate::SettledTotal`] it is a part of the sequencer's state, so it is right for the size that stands beside it,
//! and a repeated or replaced run counts nothing twice.

use std::collections::BTreeMap;

use calendar::{DAY, Millis};
use serde::{Deserialize, Serialize};

use crate::{Entry, Kind, Share, Totals};

/// Days with entries that are kept, which is at least so many days. The state is saved some times in a run: 35 days of 6
/// capabilities are 7 kB of it.
pub(crate) const KEPT_DAYS: usize = 35;

/// Sums of the last days that had entries, by UTC day of the entries' own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recent {
    /// Days since 1970. Of the days before this one nothing is known, of all others everything.
    from: u64,
    /// By day and capability: entries, nano-USD.
    days: BTreeMap<u64, BTreeMap<String, (u64, i64)>>,
}

impl Recent {
    /// Before the entry with the number `seq`. What a release without these sums has numbered may be of any day up to now.
    pub fn begun(seq: u64, now: Millis) -> Self {
        let from = if seq == 0 { 0 } else { number(now).saturating_add(1) };
        Self { from, days: BTreeMap::new() }
    }

    /// Counts an entry that is getting its number.
    pub fn count(&mut self, entry: &Entry) {
        let day = number(entry.at_ms);
        if entry.kind() != Kind::Money || day < self.from {
            return;
        }
        let (entries, nanos) = self.days.entry(day).or_default().entry(entry.capability.clone()).or_default();
        *entries = entries.saturating_add(1);
        *nanos = nanos.saturating_add(entry.cost_nanos.0);
        while self.days.len() > KEPT_DAYS {
            if let Some((oldest, _)) = self.days.pop_first() {
                self.from = oldest.saturating_add(1);
            }
        }
    }

    /// The sums of a day, without units; `None` when nobody knows them any more, or yet.
    pub fn of(&self, day: Millis) -> Option<Totals> {
        let day = number(day);
        let mut sums = (day >= self.from).then(Totals::default)?;
        for (capability, (entries, nanos)) in self.days.get(&day).into_iter().flatten() {
            sums.entries = sums.entries.saturating_add(*entries);
            sums.settled_nanos = sums.settled_nanos.saturating_add(*nanos);
            let share = Share { entries: *entries, nanos: *nanos, ..Share::default() };
            sums.by_capability.insert(capability.clone(), share);
        }
        Some(sums)
    }
}

fn number(at: Millis) -> u64 {
    at.0.checked_div(DAY).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use money::Nanos;

    use super::*;

    fn entry(day: u64, capability: &str, nanos: i64) -> Entry {
        Entry {
            event_type: "TWIN_INTERACTION".into(),
            capability: capability.into(),
            cost_nanos: Nanos(nanos),
            at_ms: Millis(day * DAY + DAY - 1),
            ..Entry::default()
        }
    }

    fn nanos(recent: &Recent, day: u64) -> Option<i64> {
        recent.of(Millis(day * DAY)).map(|sums| sums.settled_nanos)
    }

    #[test]
    fn ops_2_only_days_that_were_counted_from_their_beginning_are_known() {
        let mut whole = Recent::begun(0, Millis(20_000 * DAY));
        assert_eq!((nanos(&whole, 0), nanos(&whole, 99_999)), (Some(0), Some(0)), "a log from its first entry on");
        whole.count(&entry(19_000, "chat", 5));
        whole.count(&entry(19_000, "video", -2));
        whole.count(&Entry { event_type: "KEY_CREATED".into(), ..entry(19_000, "chat", 7) });
        let sums = whole.of(Millis(19_000 * DAY)).unwrap();
        assert_eq!((sums.entries, sums.settled_nanos, sums.by_capability.len()), (2, 3, 2));
        let mut later = Recent::begun(7, Millis(20_000 * DAY));
        later.count(&entry(20_000, "chat", 5));
        later.count(&entry(20_001, "chat", 6));
        assert_eq!([19_999, 20_000, 20_001, 20_002].map(|day| nanos(&later, day)), [None, None, Some(6), Some(0)]);
    }

    #[test]
    fn ops_2_older_days_drop_out_and_stay_out() {
        let mut recent = Recent::begun(0, Millis(0));
        for day in 100..200 {
            recent.count(&entry(day, "chat", 1));
        }
        let first = 200 - KEPT_DAYS as u64;
        assert_eq!([first - 1, first, 199, 200].map(|day| nanos(&recent, day)), [None, Some(1), Some(1), Some(0)]);
        // What comes very late counts in its tenant's sums, and here no more.
        recent.count(&entry(first - 1, "chat", 1));
        assert_eq!([first - 1, first].map(|day| nanos(&recent, day)), [None, Some(1)]);
        // A clock that was wrong once takes up a place, and hides nothing.
        recent.count(&entry(9_999_999, "chat", 1));
        assert_eq!([first, first + 1, 199].map(|day| nanos(&recent, day)), [None, Some(1), Some(1)]);
    }

    #[test]
    fn ops_2_the_state_stays_small() {
        let mut recent = Recent::begun(0, Millis(0));
        for day in 20_700..20_760 {
            for capability in ["chat", "speech", "video", "context", "jobs", "realtime"] {
                recent.count(&entry(day, capability, 123_456_789_012));
            }
        }
        let text = serde_json::to_string(&recent).unwrap();
        assert!((4_000..8_000).contains(&text.len()), "{} bytes: {text}", text.len());
        assert_eq!(serde_json::from_str::<Recent>(&text).unwrap(), recent);
    }
}
