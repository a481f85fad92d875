//! The lines of an invoice: sums by what was used, kept with a tenant's sums of a month.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::Entry;

/// The most lines of one month. What comes after is counted under the model `*`: names of models come from outside, and
/// the sums are written anew with every run of the sequencer.
pub const MAX_LINES: usize = 500;

/// The model of what came after [`MAX_LINES`].
pub const OTHER_MODELS: &str = "*";

/// What was used of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Line {
    /// `TWIN_INTERACTION` or `CORRECTION`.
    pub event_type: String,
    /// Such as `chat`.
    pub capability: String,
    /// The vendor.
    pub provider: String,
    /// Empty where the vendor has no models.
    pub model: String,
    /// What `units` are.
    pub unit_type: String,
    /// Entries.
    pub entries: u64,
    /// In units of `unit_type`.
    pub units: u64,
    /// Nano-USD.
    pub nanos: i64,
}

impl Line {
    fn compare(&self, entry: &Entry, model: &str) -> Ordering {
        let own = [&self.event_type, &self.capability, &self.provider, &self.model, &self.unit_type];
        let its = [&entry.event_type, &entry.capability, &entry.provider, model, &entry.unit_type];
        own.map(String::as_str).cmp(&its.map(|text: &str| text))
    }

    fn add(&mut self, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        self.units = self.units.saturating_add(entry.units_consumed);
        self.nanos = self.nanos.saturating_add(entry.cost_nanos.0);
    }
}

/// Counts an entry in its line. Lines stay sorted.
pub(crate) fn include(lines: &mut Vec<Line>, entry: &Entry) {
    let place = |lines: &[Line], model: &str| lines.binary_search_by(|line| line.compare(entry, model));
    let mut model = entry.model.as_str();
    let mut found = place(lines, model);
    if found.is_err() && lines.len() >= MAX_LINES {
        model = OTHER_MODELS;
        found = place(lines, model);
    }
    let index = found.unwrap_or_else(|index| {
        let Entry { event_type, capability, provider, unit_type, .. } = entry.clone();
        let model = model.to_owned();
        lines.insert(index, Line { event_type, capability, provider, model, unit_type, ..Line::default() });
        index
    });
    if let Some(line) = lines.get_mut(index) {
        line.add(entry);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use money::Nanos;

    use super::*;

    fn used(model: &str, units: u64) -> Entry {
        Entry {
            event_type: "TWIN_INTERACTION".into(),
            capability: "chat".into(),
            provider: "openai".into(),
            model: model.into(),
            unit_type: "tokens".into(),
            units_consumed: units,
            cost_nanos: Nanos(3),
            ..Entry::default()
        }
    }

    #[test]
    fn what_is_alike_is_one_line() {
        let mut lines = Vec::new();
        for entry in [used("b", 1), used("a", 2), used("b", 4), Entry { provider: "x".into(), ..used("a", 8) }] {
            include(&mut lines, &entry);
        }
        let said: Vec<_> = lines
            .iter()
            .map(|line| format!("{} {} {} {}", line.provider, line.model, line.entries, line.units))
            .collect();
        assert_eq!(said, ["openai a 1 2", "openai b 2 5", "x a 1 8"]);
    }

    #[test]
    fn lines_are_bounded_and_nothing_is_lost() {
        let mut lines = Vec::new();
        for n in 0..700 {
            include(&mut lines, &used(&format!("model-{n:03}"), 1));
            include(&mut lines, &used("model-001", 1));
        }
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert_eq!(lines.iter().map(|line| line.nanos).sum::<i64>(), 3 * 1_400);
        let of = |model: &str| lines.iter().find(|line| line.model == model).unwrap().units;
        assert_eq!((of(OTHER_MODELS), of("model-001")), (200, 701));
    }
}
