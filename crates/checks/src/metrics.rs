//! What `GET /metrics` says, in Prometheus' text format: names, labels, values.

use std::collections::{BTreeMap, BTreeSet};

/// Suffixes of a histogram's or a summary's series, which count to the family without them.
const SUFFIXES: [&str; 3] = ["_bucket", "_count", "_sum"];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: String,
}

/// See the module's description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    samples: Vec<Sample>,
    kinds: BTreeMap<String, String>,
}

impl Metrics {
    /// Reads it; lines that are none of the format are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.lines() {
            match line.strip_prefix("# TYPE ").map(str::split_whitespace) {
                Some(mut words) => {
                    if let (Some(name), Some(kind)) = (words.next(), words.next()) {
                        read.kinds.insert(name.to_owned(), kind.to_owned());
                    }
                }
                None if line.starts_with('#') => {}
                None => read.samples.extend(sample(line)),
            }
        }
        read
    }

    /// The names of its families, each with its type.
    #[must_use]
    pub fn families(&self) -> BTreeMap<String, String> {
        let untyped = self.samples.iter().filter(|sample| !self.kinds.contains_key(self.family(&sample.name)));
        let untyped = untyped.map(|sample| (sample.name.clone(), "untyped".to_owned()));
        self.kinds.clone().into_iter().chain(untyped).collect()
    }

    /// The sum of all samples with these labels; `None` where there is none. What is behind a point is cut off.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let has_all = |sample: &&Sample| {
            labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|found| found == value))
        };
        let found = self.samples.iter().filter(|sample| sample.name == name).filter(has_all);
        found.filter_map(|sample| whole(&sample.value)).reduce(u64::saturating_add)
    }

    /// The values that a label has.
    #[must_use]
    pub fn values(&self, name: &str, label: &str) -> BTreeSet<&str> {
        let samples = self.samples.iter().filter(|sample| sample.name == name);
        samples.filter_map(|sample| sample.labels.get(label)).map(String::as_str).collect()
    }

    fn family<'a>(&self, name: &'a str) -> &'a str {
        let bare = SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
        bare.into_iter().find(|bare| self.kinds.contains_key(*bare)).unwrap_or(name)
    }
}

fn sample(line: &str) -> Option<Sample> {
    let line = line.trim();
    let (series, rest) = match line.find('{') {
        Some(open) => {
            let close = open.checked_add(closing(line.get(open..)?)?)?;
            (line.get(..close)?, line.get(close..)?.strip_prefix('}')?)
        }
        None => line.split_once(' ')?,
    };
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let value = rest.split_whitespace().next()?.to_owned();
    (!name.is_empty()).then(|| Sample { name: name.trim().to_owned(), labels: pairs(labels), value })
}

/// Where the brace closes: one in a value doesn't.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let (mut value, mut end, mut escaped) = (String::new(), after.len(), false);
        for (at, c) in after.char_indices() {
            match c {
                'n' if escaped => value.push('\n'),
                c if escaped => value.push(c),
                '\\' => {}
                '"' => {
                    end = at.saturating_add(1);
                    break;
                }
                c => value.push(c),
            }
            escaped = c == '\\' && !escaped;
        }
        found.insert(name.trim_matches([',', ' ']).to_owned(), value);
        rest = after.get(end..).unwrap_or_default();
    }
    found
}

fn whole(value: &str) -> Option<u64> {
    value.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_total Things.\n# TYPE a_total counter\na_total{status=\"dead\",by=\"x\"} 3\n\
        a_total{status=\"dead\",by=\"a \\\"}{\\\\ b\"} 4\na_total{status=\"ok\"} 10\n# TYPE t_seconds histogram\n\
        t_seconds_bucket{le=\"0.5\"} 1\nt_seconds_sum 0.25\nt_seconds_count 1\nbare 7 1700000000\nbroken{\n";

    #[test]
    fn ops_1_samples_are_summed_by_label() {
        let metrics = Metrics::parse(TEXT);
        let check =
            |name, labels: &[(&str, &str)], sum| assert_eq!(metrics.sum(name, labels), sum, "{name} {labels:?}");
        check("a_total", &[("status", "dead")], Some(7));
        check("a_total", &[], Some(17));
        check("a_total", &[("by", "a \"}{\\ b")], Some(4));
        check("a_total", &[("status", "gone")], None);
        check("bare", &[], Some(7));
        check("t_seconds_sum", &[], Some(0));
        assert_eq!(metrics.values("a_total", "status").into_iter().collect::<Vec<_>>(), ["dead", "ok"]);
    }

    #[test]
    fn ops_1_families_have_a_type() {
        let families = Metrics::parse(TEXT).families();
        let families: Vec<_> = families.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        assert_eq!(families, ["a_total counter", "bare untyped", "t_seconds histogram"]);
    }
}
