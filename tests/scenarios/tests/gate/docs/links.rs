//! What a page points at is there: the headings of other pages, and the tests that `docs/security.md` names.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::{all, headings, read, repository, rows, ticked};

/// Folders that have tests.
const TESTS: [&str; 6] = ["tests", "host", "crates", "components", "kv-schemas", "adapters"];

/// As the usual renderers make an anchor of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn ops_3_links_lead_to_headings_that_are_there() {
    let mut dead = Vec::new();
    for page in all() {
        let text = read(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let Some((file, wanted)) = target.split_once('#').filter(|(file, _)| !file.contains("://")) else {
                continue;
            };
            let folder = Path::new(&page).parent().unwrap_or(Path::new(""));
            let other = if file.is_empty() { PathBuf::from(&page) } else { folder.join(file) };
            let there = fs::read_to_string(repository().join(&other)).unwrap_or_default();
            if other.extension().is_some_and(|e| e == "md")
                && !headings(&there).any(|heading| anchor(heading) == wanted)
            {
                dead.push(format!("{page}: {target}"));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

fn walk(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ["node_modules", "target", ".venv"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if ["rs", "mjs", "py"].iter().any(|wanted| path.extension().is_some_and(|e| e == *wanted)) {
            found.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// Each line of the tables says in its last cell which tests show it.
#[test]
fn ops_3_what_the_security_page_claims_names_tests_that_are_there() {
    let mut sources = String::new();
    TESTS.iter().for_each(|folder| walk(&repository().join(folder), &mut sources));
    let page = read("docs/security.md");
    let mut shown = 0;
    for heading in headings(&page).filter(|heading| heading.starts_with("### ")) {
        for line in page.split_once(&format!("\n{heading}\n")).map_or("", |(_, below)| below).lines() {
            if line.starts_with('#') {
                break;
            }
            let Some(last) = line.strip_prefix("| ").and_then(|row| row.trim_end_matches(" |").rsplit(" | ").next())
            else {
                continue;
            };
            for name in ticked(last).iter().filter(|name| name.contains('_') && !name.contains(['/', '.'])) {
                assert!(sources.contains(&format!("fn {name}(")), "{heading}: there is no test `{name}`");
                shown += 1;
            }
        }
    }
    assert!(shown > 20, "{shown}");
    assert!(rows(&page, "## Credentials").len() > 6);
}
