//! `cargo xtask tidy`: the rules of this repository that no compiler knows, as a list.
//!
//! A rule looks at the files as they are on disk (tracked, or new and not ignored) and names what to use instead.
//! The whole list takes less than a second; it is the first thing to read about how the code should look.

mod banned;
mod docs;
mod layers;
mod manifest;
mod shape;
mod source;
mod tree;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tree::Tree;

type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule with the sentence it holds.
const RULES: [(&str, Rule); 13] = [
    ("Rust files are short: one idea each, 300 lines at most, 500 never", shape::lengths),
    ("Rust files begin with their purpose", shape::purpose),
    ("text has no tabs, no trailing blanks, and ends with a line end", shape::whitespace),
    ("nobody uses compare-and-swap: two of the stores get it wrong", banned::compare_and_swap),
    ("no float comes near money", banned::floats),
    ("cores know no clock, no network and no randomness", banned::effects),
    ("nothing is left unfinished", banned::unfinished),
    ("cores depend on no runtime", layers::dependencies),
    ("cores take the workspace's lints", layers::lints),
    ("spin.toml has HTTP triggers only, and every component is built by it", manifest::triggers_and_builds),
    ("leaves import nothing but the host", manifest::leaves),
    ("ARCHITECTURE.md names every folder and every component", docs::architecture),
    ("links between documents lead somewhere", docs::links),
];

/// One place where a rule is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    severity: Severity,
    path: String,
    /// Counted from 1; `None` when it is about the file or folder as a whole.
    line: Option<usize>,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Severity {
    Warning,
    Error,
}

impl Finding {
    fn error(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, path: path.to_owned(), line: line.into(), message: message.into() }
    }

    fn warning(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, line, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        match self.line {
            Some(line) => write!(f, "{}:{line}: {severity}: {}", self.path, self.message),
            None => write!(f, "{}: {severity}: {}", self.path, self.message),
        }
    }
}

pub fn run(root: &Path) -> Result<ExitCode> {
    check(root)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints every finding; an error among them is an error here.
pub fn check(root: &Path) -> Result<()> {
    let tree = Tree::load(root)?;
    let mut errors = 0;
    for (sentence, rule) in RULES {
        let findings = rule(&tree);
        let failed = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        println!("{} {sentence}", if failed == 0 { "ok  " } else { "FAIL" });
        for finding in &findings {
            println!("       {finding}");
        }
        errors += failed;
    }
    if errors > 0 {
        bail!("tidy: {errors} errors");
    }
    Ok(())
}

/// What the tests of the rules share.
#[cfg(test)]
mod testing {
    use super::{Rule, Tree};

    /// Runs `rule` over `files` and compares `path:line` of what it finds (line 0: the file as a whole).
    #[track_caller]
    pub fn check(rule: Rule, files: &[(&str, &str)], expected: &[(&str, usize)]) {
        let tree = Tree::of(files);
        let found = rule(&tree);
        let mut places: Vec<_> =
            found.iter().map(|finding| (finding.path.as_str(), finding.line.unwrap_or(0))).collect();
        places.sort_unstable();
        assert_eq!(places, expected, "{found:#?}");
    }
}
