//! The files of the log on the disk that loses power: they are written as usual, and what changes is written down in order
//! with what SQLite changes in its own. Syncs are written down and not done.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::disk::Change;
use super::vfs::{Recorder, name, recorder_of};
use crate::kv::sqlite::log::files::{LogFile, LogFiles, Usual};

pub struct Recorded;

struct RecordedFile {
    file: Arc<dyn LogFile>,
    recorder: Arc<Recorder>,
    name: String,
}

fn recorder(path: &Path) -> Arc<Recorder> {
    recorder_of(&path.parent().unwrap().canonicalize().unwrap()).expect("a watched folder")
}

impl LogFiles for Recorded {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let (recorder, name, new) = (recorder(path), name(path), !path.exists());
        let file = Usual.open(path)?;
        if new {
            recorder.note(&name, Change::Create);
        }
        Ok(Arc::new(RecordedFile { file, recorder, name }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Usual.remove(path)?;
        recorder(path).note(&name(path), Change::Delete);
        Ok(())
    }
}

impl LogFile for RecordedFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.recorder.note(&self.name, Change::Write { at, bytes: bytes.to_vec() });
        self.file.write_at(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        if self.recorder.sync_fails() {
            return Err(io::Error::other("the sync fails"));
        }
        self.recorder.note(&self.name, Change::Sync);
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.recorder.note(&self.name, Change::Truncate { len });
        self.file.truncate(len)
    }
}
