//! Rust sources, read for the text literals in them and for what stands before each.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::repository;

/// A text in a source file, and what the file has before it, down from its beginning.
pub struct Literal<'a> {
    pub text: &'a str,
    pub before: &'a str,
}

/// Every source below some folders that isn't a test, without its own tests and its comments.
pub fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
        walk(&repository().join(folder), &mut found);
    }
    assert!(folders.iter().all(|folder| repository().join(folder).is_dir()), "{folders:?}");
    found
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if ["tests", "testing", "test", "conformance", "target", "node_modules"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push((path, without_comments(without_tests(&text))));
        }
    }
}

/// Tests come last in a file.
fn without_tests(text: &str) -> &str {
    let starts = text.match_indices("#[cfg(test)]").map(|(at, _)| at);
    let inline = |at: &usize| {
        let item = text[*at..].lines().find(|line| !line.starts_with("#["));
        item.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    starts.into_iter().find(inline).map_or(text, |at| &text[..at])
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The text literals, in their order. Raw ones and characters are passed over.
pub fn literals(text: &str) -> Vec<Literal<'_>> {
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' if text[at..].starts_with("'\"'") => at += 3,
            b'r' if text[at..].starts_with("r#\"") => {
                at += text[at..].find("\"#").map_or(text.len() - at, |end| end + 2);
            }
            b'"' => {
                let end = end_of(bytes, at + 1);
                found.push(Literal { text: &text[at + 1..end], before: &text[..at] });
                at = end + 1;
            }
            _ => at += 1,
        }
    }
    found
}

fn end_of(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// Of a literal that is an argument, which function's it is and at which place, counted from 0.
pub fn argument(before: &str) -> Option<(&str, usize)> {
    let (mut depth, mut place, mut in_text) = (0_i32, 0, false);
    for (at, byte) in before.bytes().enumerate().rev() {
        match byte {
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b')' | b']' | b'}' => depth += 1,
            b'(' if depth == 0 => {
                let name = before[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
                return name.map(|name| (name, place));
            }
            b'(' | b'[' | b'{' if depth > 0 => depth -= 1,
            b'{' | b';' | b'[' => return None,
            b',' if depth == 0 => place += 1,
            _ => {}
        }
    }
    None
}

#[test]
fn a_literals_function_is_found_across_lines_and_other_arguments() {
    let text = "f(Kind::A,\n  format!(\"a, (b\", x[1]), \"code\"); g(\"one\"); S { code: \"two\" }";
    let found: Vec<_> = literals(text).into_iter().map(|literal| (literal.text, argument(literal.before))).collect();
    let expected = [("a, (b", Some(("", 0))), ("code", Some(("f", 2))), ("one", Some(("g", 0))), ("two", None)];
    assert_eq!(found, expected);
}
