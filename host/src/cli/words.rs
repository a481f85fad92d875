//! Entries and numbers as people read them.

use ::audit::Entry;

/// With a comma every three digits.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 entry`, `2,000 entries`.
pub fn entries(n: u64) -> String {
    if n == 1 { "1 entry".into() } else { format!("{} entries", grouped(n)) }
}

/// `1 tenant`, `3 tenants`.
pub fn tenants(n: usize) -> String {
    if n == 1 { "1 tenant".into() } else { format!("{n} tenants") }
}

/// Who, what, when, at what cost: a line for each.
pub fn entry(entry: &Entry) -> Vec<String> {
    let or = |text: &str, without: &str| if text.is_empty() { without.to_owned() } else { text.to_owned() };
    let mut lines = vec![
        format!("who:   tenant {} (company {})", or(&entry.tenant_id, "(none)"), or(&entry.company, "(none)")),
        format!("what:  {} {}", entry.event_type, entry.limit_check_id),
        format!("when:  {}", entry.at_ms),
        format!("cost:  {} USD{}", entry.cost_nanos, settled(&entry.settlement)),
    ];
    if !entry.capability.is_empty() || !entry.provider.is_empty() {
        let model = if entry.model.is_empty() { String::new() } else { format!(", model {}", entry.model) };
        let (units, unit) = (grouped(entry.units_consumed), &entry.unit_type);
        lines.insert(2, format!("for:   {units} {unit} of {} by {}{model}", entry.capability, entry.provider));
    }
    lines.extend(entry.details.iter().map(|(name, value)| format!("{name}: {value}")));
    lines
}

fn settled(settlement: &str) -> String {
    if settlement.is_empty() { String::new() } else { format!(" ({settlement})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let check = |n: u64, text: &str| assert_eq!(entries(n), text);
        check(0, "0 entries");
        check(1, "1 entry");
        check(999, "999 entries");
        check(34_221, "34,221 entries");
        check(1_000_000, "1,000,000 entries");
    }
}
