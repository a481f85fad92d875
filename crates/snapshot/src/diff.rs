//! The delta of two snapshots: what changed, by path, and by how much where it is a number.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Digits after the point that a difference keeps: those of money.
const PLACES: usize = 9;

/// One value that isn't the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Such as `models.gpt.calls`.
    pub path: String,
    /// In the first; `None` where it has no such field.
    pub from: Option<Value>,
    /// In the second.
    pub to: Option<Value>,
    /// Of two numbers, or two texts that are decimals: second minus first, with its sign.
    pub difference: Option<String>,
}

impl fmt::Display for Change {
    /// `orchestration.runs_ok: 3 -> 5 (+2)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(absent)".to_owned(), Value::to_string);
        write!(f, "{}: {} -> {}", self.path, shown(&self.from), shown(&self.to))?;
        match &self.difference {
            Some(difference) => write!(f, " ({difference})"),
            None => Ok(()),
        }
    }
}

/// What changed from `a` to `b`, sorted by path. A list is one value.
#[must_use]
pub fn diff(a: &Value, b: &Value) -> Vec<Change> {
    let (from, to) = (leaves(a), leaves(b));
    let mut paths: Vec<_> = from.keys().chain(to.keys()).collect();
    paths.sort();
    paths.dedup();
    let changed = paths.into_iter().filter(|path| from.get(*path) != to.get(*path));
    changed
        .map(|path| {
            let (from, to) = (from.get(path).copied(), to.get(path).copied());
            let difference = from.zip(to).and_then(|(from, to)| difference(from, to));
            Change { path: path.clone(), from: from.cloned(), to: to.cloned(), difference }
        })
        .collect()
}

fn leaves(value: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    // A stack, so that no depth of a stranger's document is ours.
    let mut rest = vec![(String::new(), value)];
    while let Some((path, value)) = rest.pop() {
        match value {
            // An empty one has nothing that could differ.
            Value::Object(fields) => {
                let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                rest.extend(fields.iter().map(|(name, value)| (below(name), value)));
            }
            _ => drop(found.insert(path, value)),
        }
    }
    found
}

fn difference(from: &Value, to: &Value) -> Option<String> {
    let change = scaled(to)?.checked_sub(scaled(from)?)?;
    let sign = if change < 0 { '-' } else { '+' };
    let digits = format!("{:0>width$}", change.unsigned_abs(), width = PLACES.saturating_add(1));
    let (whole, places) = digits.split_at_checked(digits.len().checked_sub(PLACES)?)?;
    let places = places.trim_end_matches('0');
    Some(if places.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{places}") })
}

/// A plain decimal times 10^9; `None` of everything else.
fn scaled(value: &Value) -> Option<i128> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = whole.chars().chain(places.chars()).collect();
    let zeros = PLACES.checked_sub(places.len())?;
    if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unsigned: i128 = format!("{all}{}", "0".repeat(zeros)).parse().ok()?;
    unsigned.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    fn check(a: Value, b: Value, expected: &[&str]) {
        let lines: Vec<_> = diff(&a, &b).iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn ops_2_a_delta_names_each_change_by_its_path() {
        check(json!({"a": 1, "b": {"c": [1]}}), json!({"b": {"c": [1]}, "a": 1}), &[]);
        check(
            json!({"z": 3, "a": {"b": 5, "gone": true}, "list": ["R1"]}),
            json!({"z": 5, "a": {"b": 2, "come": null}, "list": ["R1", "R3"]}),
            &[
                "a.b: 5 -> 2 (-3)",
                "a.come: (absent) -> null",
                "a.gone: true -> (absent)",
                r#"list: ["R1"] -> ["R1","R3"]"#,
                "z: 3 -> 5 (+2)",
            ],
        );
        check(json!({"a": {}}), json!({"a": {"b": 1}}), &["a.b: (absent) -> 1"]);
    }

    #[test]
    fn ops_2_differences_are_exact_decimals() {
        let check = |from: Value, to: Value, expected: Option<&str>| {
            assert_eq!(difference(&from, &to).as_deref(), expected, "{from} {to}");
        };
        check(json!("0.10"), json!("0.30"), Some("+0.2"));
        check(json!("9000000.000000001"), json!("9000000.00"), Some("-0.000000001"));
        check(json!("-1.50"), json!("1.50"), Some("+3"));
        check(json!(0.983), json!(1.0), Some("+0.017"));
        check(json!(u64::MAX), json!(0), Some("-18446744073709551615"));
        check(json!(null), json!(1), None);
        check(json!("2026-11-21T00:05:00.000Z"), json!("2026-11-22T00:05:00.000Z"), None);
        check(json!("1.0000000001"), json!("2"), None);
        check(json!(1e300), json!(1), None);
    }
}
