//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};

use super::histogram::Histogram;

/// What `GET /metrics` shows, family by family.
#[derive(Default)]
pub struct Text(String);

impl Text {
    pub fn finish(self) -> String {
        self.0
    }

    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: impl Display) {
        self.begin(name, "gauge", help);
        let _ = writeln!(self.0, "{name}{} {value}", braced(labels, None));
    }

    /// Histograms with their labels. One that has nothing to say isn't shown, nor a family of none.
    pub fn histograms<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        all: impl IntoIterator<Item = ([(&'a str, &'a str); N], &'a Histogram)>,
    ) {
        let mut begun = false;
        for (labels, histogram) in all {
            let Some(reading) = histogram.read() else { continue };
            if !std::mem::replace(&mut begun, true) {
                self.begin(name, "histogram", help);
            }
            for (bound, count) in &reading.buckets {
                let labels = braced(&labels, Some(&seconds(*bound)));
                let _ = writeln!(self.0, "{name}_bucket{labels} {count}");
            }
            let _ = writeln!(self.0, "{name}_bucket{} {}", braced(&labels, Some("+Inf")), reading.count);
            let plain = braced(&labels, None);
            let _ =
                writeln!(self.0, "{name}_sum{plain} {}\n{name}_count{plain} {}", seconds(reading.sum), reading.count);
        }
    }
}

/// Seconds in as many digits as they need.
pub fn seconds(nanos: u64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn braced(labels: &[(&str, &str)], bound: Option<&str>) -> String {
    let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
    let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::histogram::{CALLS, Histogram};
    use super::*;

    #[test]
    fn ops_1_families_read_as_prometheus_wants_them() {
        let (one, silent) = (Histogram::new(&CALLS), Histogram::new(&CALLS));
        one.observe(Duration::from_millis(7));
        one.observe(Duration::from_secs(100));
        let mut text = Text::default();
        text.gauge("g", "A gauge.", &[], 3);
        text.gauge("i", "Labels.", &[("a", "b\"\\\n"), ("c", "d")], 1);
        text.histograms("silent", "Nothing.", [([("a", "x")], &silent)]);
        text.histograms("h", "Times.", [([("a", "x")], &one), ([("a", "y")], &silent)]);
        let text = text.finish();
        let mut lines = text.lines();
        let mut check = |line: &str| assert_eq!(lines.next(), Some(line));
        check("# HELP g A gauge.");
        check("# TYPE g gauge");
        check("g 3");
        check("# HELP i Labels.");
        check("# TYPE i gauge");
        check(r#"i{a="b\"\\\n",c="d"} 1"#);
        check("# HELP h Times.");
        check("# TYPE h histogram");
        for (bound, count) in [("0.001", 0), ("0.0025", 0), ("0.005", 0), ("0.01", 1), ("0.025", 1), ("0.05", 1)] {
            check(&format!("h_bucket{{a=\"x\",le=\"{bound}\"}} {count}"));
        }
        let rest: Vec<&str> = lines.skip(9).collect();
        let end = [r#"h_bucket{a="x",le="+Inf"} 2"#, r#"h_sum{a="x"} 100.007"#, r#"h_count{a="x"} 2"#];
        assert_eq!(rest, end);
    }

    #[test]
    fn ops_1_seconds_are_exact() {
        let check = |nanos: u64, text: &str| assert_eq!(seconds(nanos), text);
        check(0, "0");
        check(1, "0.000000001");
        check(1_000, "0.000001");
        check(2_500_000, "0.0025");
        check(10_000_000_000, "10");
        check(60_000_000_001, "60.000000001");
    }
}
