//! How a file looks before anyone reads it: its length, its first line, its blanks.

use super::Finding;
use super::tree::{Tree, is_generated, is_test_file};

const LONG: usize = 300;
const TOO_LONG: usize = 500;

pub fn lengths(tree: &Tree) -> Vec<Finding> {
    let finding = |(path, text): (&str, &str)| match text.lines().count() {
        lines if lines > TOO_LONG => {
            Some(Finding::error(path, None, format!("{lines} lines; split it by idea, {TOO_LONG} is the limit")))
        }
        lines if lines > LONG => {
            Some(Finding::warning(path, None, format!("{lines} lines; past {LONG}, ask what it hides")))
        }
        _ => None,
    };
    tree.rust().filter_map(finding).collect()
}

pub fn purpose(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust().filter(|(path, _)| !is_test_file(path));
    let lacking = files.filter(|(_, text)| {
        // Attributes of the file, such as `#![no_std]`, may stand before its docs.
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!["));
        !first.is_some_and(|line| line.starts_with("//!"))
    });
    lacking
        .map(|(path, _)| Finding::error(path, 1, "begin with `//!` and one sentence: what is this file for?"))
        .collect()
}

pub fn whitespace(tree: &Tree) -> Vec<Finding> {
    tree.files().filter(|(path, _)| is_prose_or_code(path)).flat_map(|(path, text)| blanks(path, text)).collect()
}

fn blanks(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if line.contains('\t') {
            findings.push(Finding::error(path, index + 1, "tab; indent with spaces (in a text literal write \\t)"));
        }
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(Finding::error(path, index + 1, "trailing blank; remove it"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(Finding::error(path, text.lines().count(), "no line end at the end; add one"));
    }
    findings
}

/// What people of this project write; recorded vectors and other projects' files stay as they came.
fn is_prose_or_code(path: &str) -> bool {
    const ENDINGS: [&str; 13] =
        [".rs", ".toml", ".md", ".wit", ".js", ".mjs", ".ts", ".css", ".html", ".json", ".yml", ".yaml", ".sh"];
    const AS_THEY_CAME: [&str; 7] =
        ["deps", "vectors", "fixtures", "testdata", "snapshots", "vendor", "package-lock.json"];
    let ours = !path.split('/').any(|part| AS_THEY_CAME.contains(&part)) && !is_generated(path);
    ours && (path == ".ci/run" || ENDINGS.iter().any(|ending| path.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::super::{Severity, Tree};
    use super::*;

    #[test]
    fn long_files_are_told() {
        for (lines, expected) in
            [(300, None), (301, Some(Severity::Warning)), (500, Some(Severity::Warning)), (501, Some(Severity::Error))]
        {
            let tree =
                Tree::of(&[("host/src/a.rs", "x\n".repeat(lines).as_str()), ("README.md", "x\n".repeat(900).as_str())]);
            assert_eq!(lengths(&tree).first().map(|finding| finding.severity), expected, "{lines}");
        }
        check(lengths, &[("x/src/bindings.rs", &"x\n".repeat(900))], &[]);
    }

    #[test]
    fn files_begin_with_their_purpose() {
        check(purpose, &[("host/src/a.rs", "use x;\n//! late")], &[("host/src/a.rs", 1)]);
        check(
            purpose,
            &[("host/src/a.rs", "// not a doc\nuse x;"), ("host/src/b.rs", "")],
            &[("host/src/a.rs", 1), ("host/src/b.rs", 1)],
        );
        check(purpose, &[("host/src/a.rs", "//! Why.\n"), ("host/src/b.rs", "#![no_std]\n\n//! Why.\n")], &[]);
        check(purpose, &[("crates/a/tests/b.rs", "use x;"), ("c/src/bindings.rs", "use x;"), ("w/a.js", "x")], &[]);
    }

    #[test]
    fn blanks_are_told() {
        check(whitespace, &[("a.rs", "x \ny\n\tz\n")], &[("a.rs", 1), ("a.rs", 3)]);
        check(whitespace, &[("a.md", "x\ny"), (".ci/run", "x\r\n")], &[(".ci/run", 1), ("a.md", 2)]);
        check(
            whitespace,
            &[
                ("a.toml", "x\n"),
                ("empty.js", ""),
                ("tests/vectors/a.json", "\t\n"),
                ("wit/deps/b.wit", "x "),
                ("c.bin", "\t"),
            ],
            &[],
        );
    }
}
