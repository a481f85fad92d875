//! The files the rules look at, in memory: rules are plain functions of them, and tests make trees of a line or two.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Path (with `/`, relative to the repository) and text of every file.
pub struct Tree {
    /// A file that is not text is there with an empty text, so that links to it resolve.
    files: BTreeMap<String, String>,
}

impl Tree {
    /// What git tracks and what it would track: files that are new and not ignored.
    pub fn load(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        // A hook that calls us names its own repository in these; and a build server may own the clone under another user.
        git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        git.arg("-C").arg(root).args(["-c", "safe.directory=*"]);
        let output = git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output();
        let output = output.context("git can't be started")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
            // A file deleted but not yet committed is still listed.
            if let Ok(bytes) = fs::read(root.join(path)) {
                files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default());
            }
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether `path` is a file, or a folder with one inside. The empty path is the repository itself.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// Names of the folders directly inside `parent` (`""` is the repository).
    pub fn folders(&self, parent: &str) -> Vec<&str> {
        let inside = self.files.keys().filter_map(|path| {
            if parent.is_empty() { Some(path.as_str()) } else { path.strip_prefix(parent)?.strip_prefix('/') }
        });
        let mut names: Vec<_> = inside.filter_map(|path| path.split_once('/')).map(|(folder, _)| folder).collect();
        names.dedup();
        names
    }

    /// Rust files written by people, with their folders.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs") && !is_generated(path))
    }
}

/// The crates that know nothing of their surroundings.
pub fn is_core(path: &str) -> bool {
    ["crates/", "adapters/", "kv-schemas/"].iter().any(|folder| path.starts_with(folder))
}

/// Whether the file as a whole is test code.
pub fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| ["tests", "benches", "examples", "fuzz", "tests.rs", "testing.rs"].contains(&part))
}

pub fn is_generated(path: &str) -> bool {
    path.split('/').any(|part| ["generated", "bindings", "bindings.rs"].contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_found() {
        let tree = Tree::of(&[
            ("README.md", ""),
            ("crates/money/src/lib.rs", ""),
            ("crates/money/Cargo.toml", ""),
            ("wit/a.wit", ""),
        ]);
        assert_eq!(tree.folders(""), ["crates", "wit"]);
        assert_eq!(tree.folders("crates"), ["money"]);
        for (path, expected) in
            [("", true), ("README.md", true), ("crates/money", true), ("crates/mon", false), ("x", false)]
        {
            assert_eq!(tree.has(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_are_told_apart() {
        for (path, core, test) in [
            ("crates/money/src/lib.rs", true, false),
            ("crates/money/src/tests.rs", true, true),
            ("crates/money/tests/known.rs", true, true),
            ("host/src/main.rs", false, false),
            ("tests/scenarios/src/lib.rs", false, true),
        ] {
            assert_eq!((is_core(path), is_test_file(path)), (core, test), "{path}");
        }
        assert!(is_generated("components/x/src/bindings.rs") && !is_generated("crates/bindings-core/src/lib.rs"));
    }
}
