//! The document against the components' own tables: every path that a component looks for is told of, and the other way round.
//!
//! A path is looked for as a pattern of its segments, such as `["v1", "runs", id, "continue" | "cancel"]`, so the sources
//! are searched for these.

use std::{collections::BTreeSet, fs, path::Path};

use super::tests::document;

/// One segment: one of these words, or anything where there are none.
type Segment = Vec<String>;

/// A pattern and whether more may follow.
#[derive(Debug, PartialEq)]
struct Pattern(Vec<Segment>, bool);

impl Pattern {
    /// Reads what stands between brackets; `None` for anything that isn't a path of the interface.
    fn read(text: &str) -> Option<Self> {
        let mut segments = Vec::new();
        let mut open = false;
        for part in text.split(',').map(str::trim) {
            open = part.ends_with("..");
            let quoted = part.split('|').filter_map(|word| word.trim().strip_prefix('"')?.strip_suffix('"'));
            if !open {
                segments.push(quoted.map(str::to_owned).collect::<Vec<_>>());
            }
        }
        let first = segments.first()?;
        let begins = |word: &String| ["v1", "api", "health", "metrics"].contains(&word.as_str());
        first.iter().any(begins).then_some(Self(segments, open))
    }

    fn leads_to(&self, path: &str) -> bool {
        let found: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let fits = |(wanted, is): (&Segment, &&str)| wanted.is_empty() || wanted.iter().any(|word| word == is);
        (self.0.len() == found.len() || (self.1 && found.len() >= self.0.len())) && self.0.iter().zip(&found).all(fits)
    }
}

/// The patterns of a source, without those of its tests.
fn patterns(source: &str) -> Vec<Pattern> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split('[').skip(1)).filter_map(|rest| Pattern::read(rest.split(']').next()?)).collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("of_code.rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn ops_4_every_path_that_a_component_looks_for_is_documented() {
    let mut files = Vec::new();
    for component in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap().map(Result::unwrap) {
        // The log names paths by what they begin with, and serves none.
        if component.path().join("src").is_dir() && component.file_name() != "shell" {
            sources(&component.path().join("src"), &mut files);
        }
    }
    let patterns: Vec<Pattern> = files.iter().flat_map(|source| patterns(source)).collect();
    assert!(patterns.len() > 100, "{}", patterns.len());
    let document = document();
    let paths: BTreeSet<&String> = document["paths"].as_object().unwrap().keys().collect();
    for pattern in &patterns {
        assert!(paths.iter().any(|path| pattern.leads_to(path)), "{pattern:?} is not documented");
    }
    let pages = ["/v1/site", "/site.json"];
    for path in paths.iter().filter(|path| !pages.contains(&path.as_str())) {
        assert!(patterns.iter().any(|pattern| pattern.leads_to(path)), "no component looks for {path}");
    }
}

#[test]
fn patterns_are_read_as_they_are_written() {
    let check = |source: &str, path: &str, leads: bool| {
        assert_eq!(patterns(source).iter().any(|pattern| pattern.leads_to(path)), leads, "{source} {path}");
    };
    check(r#"["v1", "runs", id, "continue" | "cancel"] =>"#, "/v1/runs/{id}/cancel", true);
    check(r#"["v1", "runs", id, "continue" | "cancel"] =>"#, "/v1/runs/{id}/begin", false);
    check(r#"["v1", "runs", id] =>"#, "/v1/runs", false);
    check(r#"["v1", "twins", rest @ ..] =>"#, "/v1/twins/{id}/links", true);
    check(r#"["v1", "twins", ..] =>"#, "/v1/twins", true);
    check(r#"["metrics"] | ["v1", "checks"]"#, "/v1/checks", true);
    check(r#"["GET", "POST"]"#, "/GET/POST", false);
    check("// [\"v1\", \"x\"]\n#[cfg(test)] [\"v1\", \"x\"]", "/v1/x", false);
}
