//! The files of a folder that are its own: what `.gitignore` names isn't, nor is `.git`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use ignore::WalkBuilder;

/// Larger ones hold no secret that a person has put there.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Their paths below the root, with `/` between the parts.
pub fn files(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    // Hidden ones count: `.env` is where secrets lie. The rules are those of this folder alone.
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .parents(false)
        .git_global(false)
        .ignore(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        found.insert(parts.join("/"));
    }
    Ok(found)
}

/// A file's text; `None` of what is too large or no text. A letter in an old encoding makes none of a text: what stands
/// beside it may still be a secret.
pub fn text(root: &Path, file: &str) -> Option<String> {
    let path = root.join(file);
    if fs::metadata(&path).ok()?.len() > MAX_BYTES {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_what_is_ignored_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(".gitignore", "/target\n*.key\n");
        write("target/x.rs", "");
        write("a/b.key", "");
        write("a/b.rs", "");
        write(".env", "");
        write(".git/config", "");
        let found: Vec<_> = files(folder.path()).unwrap().into_iter().collect();
        assert_eq!(found, [".env", ".gitignore", "a/b.rs"]);
        write("binary", "");
        fs::write(folder.path().join("binary"), [0xff, 0, 0xfe]).unwrap();
        assert_eq!(text(folder.path(), "binary"), None);
        assert_eq!(text(folder.path(), "a/b.rs").as_deref(), Some(""));
    }

    #[test]
    fn ops_3_a_text_in_an_old_encoding_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), b"# Schl\xfcssel\nKEY=secret\n").unwrap();
        assert!(text(folder.path(), ".env").unwrap().ends_with("KEY=secret\n"));
    }
}
