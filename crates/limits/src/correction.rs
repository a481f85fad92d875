//! What a correction says: which interaction cost how much more or less, and why.

use std::collections::BTreeMap;

use money::{Nanos, Quantity};
use serde::{Deserialize, Serialize};

/// What is to be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The interaction's permit, `lc_...`.
    pub corrects: String,
    /// By how much, or to what.
    pub amount: Amount,
    /// Why, for people.
    pub reason: String,
}

/// By how much, or to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// By so much: above zero it cost more, below zero less.
    Cost(Nanos),
    /// It really used so much. Kinds that aren't named stay as they are.
    Usage(Vec<Quantity>),
}

/// What was decided, as its permit remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// The interaction's permit, `lc_...`.
    pub corrects: String,
    /// By how much: above zero it cost more, below zero less.
    pub cost: Nanos,
    /// What it really used, if that is what was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<Quantity>,
    /// Why, for people.
    pub reason: String,
}

/// The event type of an interaction.
pub(crate) const INTERACTION: &str = "TWIN_INTERACTION";
const CORRECTS: &str = "corrects";
const REASON: &str = "reason";
const USED: &str = "used";

impl Correction {
    /// The event type of its entry.
    pub(crate) const EVENT: &str = "CORRECTION";

    pub(crate) fn decided(&self, cost: Nanos) -> Corrected {
        let used = match &self.amount {
            Amount::Cost(_) => Vec::new(),
            Amount::Usage(used) => used.clone(),
        };
        Corrected { corrects: self.corrects.clone(), cost, used, reason: self.reason.clone() }
    }
}

impl Corrected {
    /// Whether it is what was asked for here.
    pub(crate) fn answers(&self, asked: &Correction) -> bool {
        let cost = match &asked.amount {
            Amount::Cost(cost) => *cost,
            // What a use costs is decided once; a repeat is told that.
            Amount::Usage(_) => self.cost,
        };
        *self == asked.decided(cost)
    }

    /// What its entry says of it.
    #[must_use]
    pub fn details(&self) -> BTreeMap<String, String> {
        let used: Vec<String> = self.used.iter().map(|q| format!("{} {}", q.units, q.unit_type)).collect();
        let used = (!used.is_empty()).then(|| (USED.into(), used.join(", ")));
        let always = [(CORRECTS.into(), self.corrects.clone()), (REASON.into(), self.reason.clone())];
        always.into_iter().chain(used).collect()
    }

    /// What an entry says, the other way round.
    pub(crate) fn logged(details: &BTreeMap<String, String>, cost: Nanos) -> Self {
        let detail = |name: &str| details.get(name).cloned().unwrap_or_default();
        let quantity = |text: &str| {
            let (units, unit_type) = text.split_once(' ')?;
            Some(Quantity::new(unit_type, units.parse().ok()?))
        };
        let used = detail(USED).split(", ").filter_map(quantity).collect();
        Self { corrects: detail(CORRECTS), cost, used, reason: detail(REASON) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn check(used: &[(&str, u64)], detail: Option<&str>) {
        let used = used.iter().map(|(kind, units)| Quantity::new(kind, *units)).collect();
        let decided = Corrected { corrects: "lc_1".into(), cost: Nanos(-7), used, reason: "why, and 3 seconds".into() };
        let details = decided.details();
        assert_eq!(details.get("used").map(String::as_str), detail);
        assert_eq!(Corrected::logged(&details, Nanos(-7)), decided);
        let stored = serde_json::to_string(&decided).unwrap();
        assert_eq!(serde_json::from_str::<Corrected>(&stored).unwrap(), decided);
    }

    #[test]
    fn the_log_remembers_what_was_decided() {
        check(&[], None);
        check(&[("seconds", 30)], Some("30 seconds"));
        check(&[("input_tokens", 0), ("output_tokens", 12)], Some("0 input_tokens, 12 output_tokens"));
    }

    #[test]
    fn corrections_of_before_are_still_read() {
        let decided: Corrected = serde_json::from_str(r#"{"corrects":"lc_1","cost":5,"reason":"why"}"#).unwrap();
        let asked = |amount| Correction { corrects: "lc_1".into(), amount, reason: "why".into() };
        assert!(decided.answers(&asked(Amount::Cost(Nanos(5)))));
        assert!(!decided.answers(&asked(Amount::Cost(Nanos(4)))));
        assert!(!decided.answers(&asked(Amount::Usage(vec![Quantity::new("seconds", 5)]))));
    }
}
