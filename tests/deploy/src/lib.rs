//! Reads the repository for the tests of the deploy files: what they name must be there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of it.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder, by their paths below it.
pub fn files(folder: &str) -> BTreeSet<String> {
    let (root, mut found) = (root().join(folder), BTreeSet::new());
    let mut rest = vec![root.clone()];
    while let Some(folder) = rest.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                rest.push(path);
            } else {
                let below = path.strip_prefix(&root).expect("it is below");
                found.insert(below.to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// The anchors of a document's headings, as they are made of them on the web: small letters, digits, and a hyphen for
/// each blank.
pub fn anchors(markdown: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let headings = markdown.lines().filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#')
    });
    let slug = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        });
        kept.collect::<String>()
    };
    headings.map(slug).collect()
}

/// Whether `docs/x.md#part` leads somewhere.
#[track_caller]
pub fn leads_somewhere(link: &str) {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let document = text(file);
    assert!(anchor.is_empty() || anchors(&document).contains(anchor), "{file} has no heading `#{anchor}`");
}

/// `name type` of each line of `deploy/metrics.txt`.
pub fn metrics() -> Vec<(String, String)> {
    let text = text("deploy/metrics.txt");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, kind) = line.split_once(' ').unwrap_or_else(|| panic!("{line}: no type"));
            (name.to_owned(), kind.trim().to_owned())
        })
        .collect()
}
