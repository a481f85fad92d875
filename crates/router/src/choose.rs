//! The order in which a call tries its candidates: by score, the lowest first. Pure, whole numbers only.
//!
//! ```text
//!   score = latency weight x latency + cost weight x cost + capability weight x rank + failure penalty
//! ```
//! Each quantity is in thousandths of the greatest among the candidates, so the weights compare like with like,
//! whatever the units. The penalty is the share of recent calls that failed, times all weights: a candidate that always
//! fails is as bad as one that is slowest, dearest and least capable at once. The first is called; the rest is the
//! ladder to fall back on.

use money::Nanos;

use crate::Summary;

/// One that could answer the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// `provider/model`
    pub id: String,
    /// What the call costs there, as far as can be told: its estimate, or the price of so many tokens.
    pub cost: Nanos,
    /// 0 is the most capable.
    pub capability_rank: u32,
}

/// How much each quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// Of the mean latency.
    pub latency: u32,
    /// Of the cost.
    pub cost: u32,
    /// Of the capability rank.
    pub capability: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { latency: 3, cost: 4, capability: 3 }
    }
}

impl Weights {
    /// Not 0 even when all are: then failures alone tell candidates apart.
    fn of_failures(&self) -> u32 {
        self.latency.saturating_add(self.cost).saturating_add(self.capability).max(1)
    }
}

/// What decides the order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pick {
    /// The score, the lowest first.
    #[default]
    Score,
    /// The order in which they are configured.
    Order,
}

/// A candidate with its score, in thousandths of a weight's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// Which.
    pub candidate: &'a Candidate,
    /// The lower, the better.
    pub score: u64,
}

/// All candidates, the first to be tried first. Equal scores keep the configured order.
#[must_use]
pub fn choose<'a>(candidates: &'a [Candidate], weights: &Weights, pick: Pick, summary: &Summary) -> Vec<Ranked<'a>> {
    let scale = Scale::of(candidates, summary);
    let mut order: Vec<Ranked<'a>> = candidates
        .iter()
        .map(|candidate| Ranked { candidate, score: scale.score(candidate, weights, summary) })
        .collect();
    if pick == Pick::Score {
        order.sort_by_key(|ranked| ranked.score);
    }
    order
}

/// What the candidates of one call are measured against.
struct Scale {
    slowest_ms: u64,
    /// Whoever hasn't answered lately counts as average: a new one gets tried, and isn't preferred for being unknown.
    mean_ms: u64,
    dearest: u64,
    least_capable: u64,
}

impl Scale {
    fn of(candidates: &[Candidate], summary: &Summary) -> Self {
        let known: Vec<u64> = candidates.iter().filter_map(|candidate| latency(candidate, summary)).collect();
        let total = known.iter().fold(0_u64, |total, ms| total.saturating_add(*ms));
        Self {
            slowest_ms: known.iter().copied().max().unwrap_or(0),
            mean_ms: total.checked_div(u64::try_from(known.len()).unwrap_or(u64::MAX)).unwrap_or(0),
            dearest: candidates.iter().map(cost).max().unwrap_or(0),
            least_capable: candidates.iter().map(|c| u64::from(c.capability_rank)).max().unwrap_or(0),
        }
    }

    fn score(&self, candidate: &Candidate, weights: &Weights, summary: &Summary) -> u64 {
        let latency = per_mille(latency(candidate, summary).unwrap_or(self.mean_ms), self.slowest_ms);
        let cost = per_mille(cost(candidate), self.dearest);
        let rank = per_mille(u64::from(candidate.capability_rank), self.least_capable);
        let failures = summary.candidates.get(&candidate.id).map_or(0, |tally| u64::from(tally.failure_rate().0));
        let parts = [
            (weights.latency, latency),
            (weights.cost, cost),
            (weights.capability, rank),
            (weights.of_failures(), failures),
        ];
        parts.iter().fold(0, |score, (weight, part)| score.saturating_add(u64::from(*weight).saturating_mul(*part)))
    }
}

fn latency(candidate: &Candidate, summary: &Summary) -> Option<u64> {
    summary.candidates.get(&candidate.id)?.latency_ms
}

/// A negative cost is a mistake; it counts as none.
fn cost(candidate: &Candidate) -> u64 {
    u64::try_from(candidate.cost.0).unwrap_or(0)
}

/// `part` in thousandths of `whole`, 0 when all are 0.
fn per_mille(part: u64, whole: u64) -> u64 {
    let thousandths = u128::from(part).saturating_mul(1_000).checked_div(u128::from(whole)).unwrap_or(0);
    u64::try_from(thousandths).unwrap_or(u64::MAX)
}
