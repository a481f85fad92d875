//! What the last decisions came to, as counts and whole numbers: pure, made from the ring, stored as one value.

use std::collections::BTreeMap;

use calendar::Millis;
use serde::{Deserialize, Serialize};

use crate::{
    PerMille,
    window::{KEPT_MS, Numbered, TEMPLATE},
};

/// What became of one candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often it was called.
    pub calls: u32,
    /// How often it failed.
    pub failures: u32,
    /// The mean over the calls that it answered: one that fails at once isn't fast.
    pub latency_ms: Option<u64>,
}

impl Tally {
    /// How many of its calls failed; 0 without calls.
    #[must_use]
    pub fn failure_rate(&self) -> PerMille {
        PerMille::of(self.failures, self.calls).unwrap_or_default()
    }
}

/// What the decisions of the window came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When it was made.
    pub at: Millis,
    /// How many decisions there were.
    pub decisions: u32,
    /// In how many a model answered.
    pub succeeded: u32,
    /// In how many the first choice didn't answer.
    pub fell_back: u32,
    /// In how many of the last, one after the other, no model answered.
    pub failed_in_a_row: u32,
    /// In how many of the last, one after the other, the first choice didn't answer.
    pub fell_back_in_a_row: u32,
    /// How long a decision took: half of them took no longer.
    pub decision_us_p50: u64,
    /// How long a decision took: 95 % of them took no longer.
    pub decision_us_p95: u64,
    /// By `provider/model`.
    pub candidates: BTreeMap<String, Tally>,
}

impl Summary {
    /// Sums up what of the ring still counts at `now`.
    #[must_use]
    pub fn of(ring: &[Numbered], now: Millis) -> Self {
        let mut recent: Vec<&Numbered> =
            ring.iter().filter(|numbered| now.since(numbered.observation.at) <= KEPT_MS).collect();
        recent.sort_by_key(|numbered| numbered.number);
        let answered = |numbered: &&&Numbered| numbered.observation.answered();
        let fell_back = |numbered: &&&Numbered| numbered.observation.rung != 0 || !numbered.observation.answered();
        let (decision_us_p50, decision_us_p95) = {
            let mut times: Vec<u64> = recent.iter().map(|numbered| numbered.observation.decision_us).collect();
            times.sort_unstable();
            (percentile(&times, 50), percentile(&times, 95))
        };
        Self {
            at: now,
            decisions: count(recent.iter()),
            succeeded: count(recent.iter().filter(answered)),
            fell_back: count(recent.iter().filter(fell_back)),
            failed_in_a_row: count(recent.iter().rev().take_while(|numbered| !answered(numbered))),
            fell_back_in_a_row: count(recent.iter().rev().take_while(fell_back)),
            decision_us_p50,
            decision_us_p95,
            candidates: tallies(&recent),
        }
    }

    /// In how many decisions a model answered; `None` without decisions.
    #[must_use]
    pub fn success_rate(&self) -> Option<PerMille> {
        PerMille::of(self.succeeded, self.decisions)
    }

    /// In how many decisions the first choice didn't answer; `None` without decisions.
    #[must_use]
    pub fn fallback_rate(&self) -> Option<PerMille> {
        PerMille::of(self.fell_back, self.decisions)
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// The smallest that so many percent don't exceed (nearest rank); 0 of none.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn tallies(recent: &[&Numbered]) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, (Tally, u64)> = BTreeMap::new();
    let mut add = |candidate: &str, latency_ms: Option<u64>| {
        let (tally, total_ms) = tallies.entry(candidate.to_owned()).or_default();
        tally.calls = tally.calls.saturating_add(1);
        match latency_ms {
            Some(latency_ms) => *total_ms = total_ms.saturating_add(latency_ms),
            None => tally.failures = tally.failures.saturating_add(1),
        }
    };
    for Numbered { observation, .. } in recent {
        observation.failed_before.iter().for_each(|candidate| add(candidate, None));
        if observation.rung != TEMPLATE {
            add(&observation.candidate, observation.ok.then_some(observation.latency_ms));
        }
    }
    let mean = |(candidate, (tally, total_ms)): (String, (Tally, u64))| {
        let answered = u64::from(tally.calls.saturating_sub(tally.failures));
        (candidate, Tally { latency_ms: total_ms.checked_div(answered), ..tally })
    };
    tallies.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;
    use crate::window::Observation;

    const NOW: Millis = Millis(1_795_000_000_000);

    /// One letter each: `a` answered in 100 ms, `b` in 300 ms on the second rung after `a` failed, `x`: `a` failed and
    /// that was it, `t` the template after `a` and `b` failed.
    fn ring(letters: &str, ages_ms: &[u64]) -> Vec<Numbered> {
        let decision = |(i, letter): (usize, char)| {
            let (candidate, failed_before, latency_ms, ok, rung): (_, &[&str], _, _, _) = match letter {
                'a' => ("v/a", &[], 100, true, 0),
                'b' => ("v/b", &["v/a"], 300, true, 1),
                'x' => ("v/a", &[], 5, false, 0),
                _ => ("", &["v/a", "v/b"], 0, true, TEMPLATE),
            };
            let observation = Observation {
                candidate: candidate.into(),
                failed_before: failed_before.iter().map(|&id| id.into()).collect(),
                latency_ms,
                ok,
                decision_us: 10 * (i as u64 + 1),
                rung,
                at: Millis(NOW.0 - ages_ms.get(i).copied().unwrap_or(0)),
            };
            Numbered { number: i as u64 + 1, observation }
        };
        letters.chars().enumerate().map(decision).collect()
    }

    #[test]
    fn decisions_are_counted_in_their_order_whatever_the_order_of_the_ring() {
        let check = |letters: &str, succeeded, fell_back, failed_in_a_row, fell_back_in_a_row| {
            let mut ring = ring(letters, &[]);
            for _ in 0..ring.len().max(1) {
                let summary = Summary::of(&ring, NOW);
                assert_eq!(summary.decisions as usize, letters.len(), "{letters}");
                let counts =
                    (summary.succeeded, summary.fell_back, summary.failed_in_a_row, summary.fell_back_in_a_row);
                assert_eq!(counts, (succeeded, fell_back, failed_in_a_row, fell_back_in_a_row), "{letters}");
                ring.rotate_left(1.min(letters.len()));
            }
        };
        check("", 0, 0, 0, 0);
        check("a", 1, 0, 0, 0);
        check("b", 1, 1, 0, 1);
        check("x", 0, 1, 1, 1);
        check("t", 0, 1, 1, 1);
        check("axxa", 2, 2, 0, 0);
        check("aabxt", 3, 3, 2, 3);
        check("xxab", 2, 3, 0, 1);
    }

    #[test]
    fn candidates_are_charged_with_their_own_calls() {
        let check = |letters: &str, a: Option<(u32, u32, Option<u64>)>, b: Option<(u32, u32, Option<u64>)>| {
            let summary = Summary::of(&ring(letters, &[]), NOW);
            let tally = |id| summary.candidates.get(id).map(|t| (t.calls, t.failures, t.latency_ms));
            assert_eq!((tally("v/a"), tally("v/b")), (a, b), "{letters}");
            assert_eq!(summary.candidates.len(), usize::from(a.is_some()) + usize::from(b.is_some()), "{letters}");
        };
        check("", None, None);
        check("aa", Some((2, 0, Some(100))), None);
        check("ax", Some((2, 1, Some(100))), None);
        check("x", Some((1, 1, None)), None);
        check("abb", Some((3, 2, Some(100))), Some((2, 0, Some(300))));
        check("tb", Some((2, 2, None)), Some((2, 1, Some(300))));
    }

    #[test]
    fn what_is_old_does_not_count() {
        let check = |ages: &[u64], decisions: u32| {
            assert_eq!(Summary::of(&ring(&"a".repeat(ages.len()), ages), NOW).decisions, decisions, "{ages:?}");
        };
        check(&[0, KEPT_MS, KEPT_MS + 1], 2);
        check(&[KEPT_MS * 2, KEPT_MS + 1], 0);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let check = |n: u64, p50: u64, p95: u64| {
            let times: Vec<u64> = (1..=n).collect();
            assert_eq!((percentile(&times, 50), percentile(&times, 95)), (p50, p95), "of {n}");
        };
        check(0, 0, 0);
        check(1, 1, 1);
        check(2, 1, 2);
        check(20, 10, 19);
        check(21, 11, 20);
        check(64, 32, 61);
        check(100, 50, 95);
    }
}
