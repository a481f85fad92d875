//! Named ladders of models, as a tenant keeps them: what `model: "auto"` and other route names stand for.

use serde::{Deserialize, Serialize};

/// Which models may answer when a page asks for the route's name as its model. A route's name goes before a model's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// How the first rung is found.
    #[serde(default)]
    pub pick: RoutePick,
    /// What counts how much, where it is found by score.
    #[serde(default)]
    pub weights: RouteWeights,
    /// 1 to 8 models, each once.
    pub rungs: Vec<RouteRung>,
    /// The answer when no rung could give one; absent, that is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Route {
    /// These rungs by score, with the weights of the contract and no template.
    #[must_use]
    pub fn new(rungs: Vec<RouteRung>) -> Self {
        Self { pick: RoutePick::default(), weights: RouteWeights::default(), rungs, template: None }
    }

    /// The rungs as written, each with its capability rank: its own, or its position, 0 being the best.
    pub fn ranked(&self) -> impl Iterator<Item = (&RouteRung, u32)> {
        (0_u32..).zip(&self.rungs).map(|(position, rung)| (rung, rung.rank.unwrap_or(position)))
    }
}

/// How the rung that is tried first is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum RoutePick {
    /// The lowest score of latency, cost and capability rank.
    #[default]
    Score,
    /// As written.
    Order,
}

/// What counts how much in a score: 0 to 100 each, 0 being nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteWeights {
    /// Of how long it has lately taken.
    pub latency: u32,
    /// Of what the call would cost.
    pub cost: u32,
    /// Of the rung's capability rank.
    pub capability: u32,
}

impl Default for RouteWeights {
    fn default() -> Self {
        Self { latency: 3, cost: 4, capability: 3 }
    }
}

/// One model of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteRung {
    /// The vendor's name.
    pub provider: String,
    /// The vendor's model name.
    pub model: String,
    /// 0 to 100, 0 being the most capable; absent, its position ([`Route::ranked`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
}

impl RouteRung {
    /// This model, ranked by its position.
    #[must_use]
    pub fn new(provider: &str, model: &str) -> Self {
        Self { provider: provider.into(), model: model.into(), rank: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_without_a_rank_has_its_position() {
        let rung = |rank: Option<u32>| RouteRung { rank, ..RouteRung::new("v", "m") };
        let check = |ranks: &[Option<u32>], ranked: &[u32]| {
            let route = Route::new(ranks.iter().map(|rank| rung(*rank)).collect());
            assert_eq!(route.ranked().map(|(_, rank)| rank).collect::<Vec<_>>(), ranked);
        };
        check(&[], &[]);
        check(&[None, None, None], &[0, 1, 2]);
        check(&[Some(7), None, Some(0)], &[7, 1, 0]);
    }
}
