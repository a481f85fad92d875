//! The two files of the log as the store uses them: few operations, so that the tests can put a disk there that loses power.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::FILE_NAME;

/// One file of the log. Its operations may run at the same time.
pub trait LogFile: Send + Sync {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Everything that was written before is on disk afterwards.
    fn sync(&self) -> io::Result<()>;
    /// Gives space back: what lies beyond `len` isn't needed any more.
    fn truncate(&self, len: u64) -> io::Result<()>;
}

/// How the files are reached.
pub trait LogFiles: Send + Sync {
    /// Opens a file, or creates it.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Where the segments are: beside the store's file, and named after it.
pub fn paths(folder: &Path) -> [PathBuf; 2] {
    ["log-0", "log-1"].map(|end| folder.join(format!("{FILE_NAME}.{end}")))
}

/// What is in a segment; nothing if there is none.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The usual files.
pub struct Usual;

impl LogFiles for Usual {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(File::options().read(true).write(true).create(true).truncate(false).open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

impl LogFile for File {
    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    #[cfg(not(unix))]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        // Only whoever holds the log's lock writes, so nobody else moves the cursor.
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}
