//! What the doctor found: what it is, why it matters, the command that mends it.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::out::{Colour, Paint};

/// How bad it is; what is worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Ok,
    /// It was a problem or a warning, and is none any more.
    Mended,
    Warning,
    Problem,
}

/// See the module's description.
#[derive(Debug)]
pub struct Finding {
    grade: Grade,
    what: String,
    said: String,
    why: &'static str,
    mend: Option<String>,
}

impl Finding {
    pub fn ok(what: impl Into<String>) -> Self {
        Self { grade: Grade::Ok, what: what.into(), said: String::new(), why: "", mend: None }
    }

    pub fn new(grade: Grade, what: impl Into<String>, said: impl Into<String>) -> Self {
        Self { grade, said: said.into(), ..Self::ok(what) }
    }

    pub fn warning(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self::new(Grade::Warning, what, said)
    }

    pub fn problem(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self::new(Grade::Problem, what, said)
    }

    pub fn mended(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self::new(Grade::Mended, what, said)
    }

    pub fn because(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// The command, or what else is to be done.
    pub fn mend(self, command: impl Into<String>) -> Self {
        Self { mend: Some(command.into()), ..self }
    }

    fn text(&self, paint: Paint) -> String {
        let (word, colour) = self.word();
        let blanks = " ".repeat(8_usize.saturating_sub(word.len()));
        let said = if self.said.is_empty() { String::new() } else { format!(": {}", self.said) };
        let mut text = format!("{}{blanks} {}{said}\n", paint.of(colour, word), self.what);
        let mut below = |name: &str, words: &str| {
            if !words.is_empty() {
                text.push_str(&format!("         {} {words}\n", paint.of(Colour::Quiet, name)));
            }
        };
        if self.grade >= Grade::Warning {
            below("why: ", self.why);
            below("mend:", self.mend.as_deref().unwrap_or_default());
        }
        text
    }

    fn word(&self) -> (&'static str, Colour) {
        match self.grade {
            Grade::Ok => ("ok", Colour::Good),
            Grade::Mended => ("mended", Colour::Good),
            Grade::Warning => ("warning", Colour::Doubtful),
            Grade::Problem => ("problem", Colour::Bad),
        }
    }
}

/// All of them.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn extend(&mut self, more: impl IntoIterator<Item = Finding>) {
        self.0.extend(more);
    }

    fn worst(&self) -> Grade {
        self.0.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok)
    }

    /// For programs: the same findings.
    pub fn json(&self) -> Value {
        let row = |finding: &Finding| {
            let text = |words: &str| if words.is_empty() { Value::Null } else { words.into() };
            json!({
                "status": finding.word().0,
                "what": finding.what,
                "said": text(&finding.said),
                "why": text(finding.why),
                "mend": finding.mend,
            })
        };
        json!({"ok": self.worst() < Grade::Problem, "findings": self.0.iter().map(row).collect::<Vec<_>>()})
    }

    /// For people.
    pub fn text(&self, paint: Paint) -> String {
        self.0.iter().map(|finding| finding.text(paint)).collect()
    }

    /// 0 no problem, 1 there is one.
    pub fn exit(&self) -> ExitCode {
        if self.worst() < Grade::Problem { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_5_a_finding_says_what_why_and_how_to_mend_it() {
        let mut findings = Findings::default();
        assert_eq!(findings.worst(), Grade::Ok);
        findings.extend([
            Finding::ok("manifest spin.toml"),
            Finding::mended("keys", "made"),
            Finding::warning("clock", "40 s off").because("Signatures."),
        ]);
        assert_eq!(findings.json()["ok"], true);
        findings.extend([Finding::problem("disk", "full").because("Nothing can be written.").mend("df -h .")]);
        let expected = "\
ok       manifest spin.toml
mended   keys: made
warning  clock: 40 s off
         why:  Signatures.
problem  disk: full
         why:  Nothing can be written.
         mend: df -h .
";
        assert_eq!(findings.text(Paint::Off), expected);
        let json = findings.json();
        assert_eq!(json["ok"], false);
        assert_eq!(json["findings"][3]["mend"], "df -h .");
        assert!(json["findings"][0]["said"].is_null());
        assert_eq!(findings.worst(), Grade::Problem);
    }
}
