//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that gets its name once it is finished. Dropped before that, it is removed.
pub struct Draft {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
    finished: bool,
}

impl Draft {
    pub fn of(path: &Path) -> Result<Self> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.new", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary).with_context(|| format!("writing {}", temporary.display()))?;
        Ok(Self { file, temporary, path: path.to_owned(), finished: false })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).with_context(|| format!("writing {}", self.temporary.display()))
    }

    /// What if we crash in here? The file that was there before is still there, or the new one is, whole.
    pub fn finish(mut self) -> Result<()> {
        let done = self.file.sync_all().and_then(|()| fs::rename(&self.temporary, &self.path));
        done.with_context(|| format!("writing {}", self.path.display()))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished {
            drop(fs::remove_file(&self.temporary));
        }
    }
}

pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = Draft::of(path)?;
    draft.write(bytes)?;
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        write(&path, b"one").unwrap();
        let mut draft = Draft::of(&path).unwrap();
        draft.write(b"tw").unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), names()), (&b"one"[..], 2));
        drop(draft);
        assert_eq!((fs::read(&path).unwrap().as_slice(), names()), (&b"one"[..], 1));
        write(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), names()), (&b"two"[..], 1));
    }
}
