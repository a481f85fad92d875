//! The pages as text: their blocks of commands, and the rows of their tables.

use std::fs;
use std::path::PathBuf;

use scenarios::programs;

/// The folder that has `spin.toml`.
pub fn repository() -> PathBuf {
    programs::manifest().parent().expect("a file is in a folder").to_owned()
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README.md, and every page in `docs/`.
pub fn all() -> Vec<String> {
    let files = fs::read_dir(repository().join("docs")).expect("docs/");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.sort();
    pages.insert(0, "README.md".into());
    pages
}

/// The blocks of a page that are a shell's, whatever the page calls it.
pub fn shell_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
        if ["sh", "bash", "shell", "console", "zsh"].contains(&language.trim()) {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// What stands in backticks in the first cell of each row of the tables below a heading, with the other cells; down to
/// the next heading of the same depth or a higher one.
pub fn rows(text: &str, heading: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let depth = heading.bytes().take_while(|byte| *byte == b'#').count();
    let is_above = |line: &str| {
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        (1..=depth).contains(&hashes)
    };
    let (_, below) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let lines = below.lines().take_while(|line| !is_above(line)).filter(|line| line.starts_with("| `"));
    lines
        .map(|line| (ticked(cells(line)[0]), cells(line)[1..].iter().map(|cell| (*cell).to_owned()).collect()))
        .collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// The pieces between backticks.
pub fn ticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every heading, with its hashes.
pub fn headings(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        is_code ^= line.trim_start().starts_with("```");
        !is_code && line.starts_with('#')
    })
}
