//! The lines of a tenant's month out of its entries, independently of those who keep them for invoices.

use std::collections::BTreeMap;

use audit::{Entry, Line, MAX_LINES, OTHER_MODELS};

/// In the log's order, since what comes after the most lines there may be goes where there is one already.
pub(crate) fn invoiced(entries: &[&Entry]) -> Vec<Line> {
    let mut lines = BTreeMap::<[&str; 5], Line>::new();
    for entry in entries {
        let under = |model| {
            let [event, capability] = [&entry.event_type, &entry.capability].map(String::as_str);
            [event, capability, &entry.provider, model, &entry.unit_type]
        };
        let own = under(&entry.model);
        let has_room = lines.len() < MAX_LINES || lines.contains_key(&own);
        let place = if has_room { own } else { under(OTHER_MODELS) };
        let [event_type, capability, provider, model, unit_type] = place.map(str::to_owned);
        let empty = Line { event_type, capability, provider, model, unit_type, ..Line::default() };
        let line = lines.entry(place).or_insert(empty);
        line.entries = line.entries.saturating_add(1);
        line.units = line.units.saturating_add(entry.units_consumed);
        line.nanos = line.nanos.saturating_add(entry.cost_nanos.0);
    }
    lines.into_values().collect()
}
