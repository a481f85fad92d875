//! What strangers really send: files that the tests of others have recorded.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder of the repository, in the order of their names; none where there is no such folder.
#[must_use]
pub fn files(folder: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(repository().join(folder)).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect()
}
