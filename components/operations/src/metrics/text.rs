//! Prometheus' text format 0.0.4: one HELP and TYPE for each family, its samples right below.

use std::fmt::Display;

/// A text in the making.
#[derive(Default)]
pub struct Text(String);

/// What a family's samples are.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// Only grows.
    Counter,
    /// Comes and goes.
    Gauge,
}

/// A family under way: its samples come next.
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Text {
    /// Begins a family.
    pub fn family(&mut self, kind: Type, name: &'static str, help: &str) -> Family<'_> {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { text: &mut self.0, name }
    }

    /// A family of one sample without labels.
    pub fn one(&mut self, kind: Type, name: &'static str, help: &str, value: impl Display) {
        self.family(kind, name, help).sample(&[], value);
    }

    /// The whole of it.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// One sample.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (i, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let before = if i == 0 { '{' } else { ',' };
            self.text.push_str(&format!("{before}{label}=\"{value}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.text.push_str(&format!("{end} {value}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_labels_and_helps_are_escaped() {
        let mut text = Text::default();
        let mut family = text.family(Type::Counter, "a_total", "one\\two\nthree");
        family.sample(&[("x", "a\"b\\c\nd"), ("y", "")], 1);
        family.sample(&[], "2.50");
        text.one(Type::Gauge, "b", "-", 0);
        let shown = "# HELP a_total one\\\\two\\nthree\n# TYPE a_total counter\na_total{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 1\na_total 2.50\n\
                     # HELP b -\n# TYPE b gauge\nb 0\n";
        assert_eq!(text.finish(), shown);
    }
}
