//! The log: each group of writes becomes one record at the end of a file, and so durable, long before the store's own file
//! is touched.
//!
//! It has two segments, used in turn. While one takes records, the writes of the other are folded into the store's file
//! (see [`super::fold`]); then it starts again from its beginning. Which records count follows from what they say and from
//! the generation that the store's file holds, never from a file's length (see [`replay`]).

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::files::{LogFile, LogFiles};
use self::record::{Chain, Group};
use crate::kv::Seq;
use crate::kv::durability::{SHOWN_FOR, SYNC_WITHIN};

pub mod files;
pub mod record;
pub mod replay;

/// A segment that has grown beyond this is given back when it is folded; one that stays below keeps its blocks, which makes
/// syncs cheap: there is no new length to be written down.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;

/// A generation ends after so long, or so many bytes.
const FOLD_WITHIN: Duration = Duration::from_secs(1);
const FOLD_BYTES: u64 = 16 * 1024 * 1024;

/// Where each record is synced, so much is made ready at once: a sync that has to write down a new length, or new blocks,
/// takes several times as long.
const READY_BYTES: u64 = 1024 * 1024;

/// When what is written reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncing {
    /// With each record.
    EachRecord,
    /// Soon after: [`SYNC_WITHIN`].
    Soon,
}

struct Segment {
    file: Arc<dyn LogFile>,
    len: u64,
    /// The file has at least this length, by what was written in this opening.
    ready: u64,
    /// Written since its last sync began.
    dirty: bool,
}

/// See the module's description.
pub struct Log {
    segments: [Segment; 2],
    active: usize,
    chain: Chain,
    /// What a commit has taken from the queue.
    group: Group,
    pub syncing: Syncing,
    /// When the first record of the generation was written.
    begun: Option<Instant>,
    /// When the oldest record was written that no sync has taken up yet.
    unsynced_since: Option<Instant>,
    /// The same of the records that a sync has taken up which is still running.
    in_sync_since: Option<Instant>,
}

impl Log {
    /// Opens the files, or creates them. What is in them is of no interest any more: `generation` is newer.
    pub fn open(folder: &Path, files: &dyn LogFiles, generation: u32, salt: u64, syncing: Syncing) -> io::Result<Self> {
        let [one, other] = files::paths(folder);
        let segment =
            |path: &Path| Ok::<_, io::Error>(Segment { file: files.open(path)?, len: 0, ready: 0, dirty: false });
        Ok(Self {
            segments: [segment(&one)?, segment(&other)?],
            active: 0,
            chain: Chain { salt, generation },
            group: Group::default(),
            syncing,
            begun: None,
            unsynced_since: None,
            in_sync_since: None,
        })
    }

    /// Takes everything out of the queue.
    pub fn take(&mut self, queue: &mut Group) {
        std::mem::swap(&mut self.group, queue);
    }

    pub fn has_taken(&self) -> bool {
        self.group.writes() > 0
    }

    /// Gives back memory that an unusual group took.
    pub fn shrink(&mut self, keep: usize) {
        self.group.clear(keep);
    }

    /// Writes what was taken as one record. Whether the folder has to look at the log now.
    ///
    /// Crash in here: the record is there whole or not at all, and nobody has seen an effect of it.
    pub fn append(&mut self, last: Seq, now: Instant) -> io::Result<bool> {
        let segment = &mut self.segments[self.active];
        let record = self.group.seal(self.chain, last);
        let before = segment.len;
        segment.len += record.len() as u64;
        if self.syncing == Syncing::EachRecord && segment.len > segment.ready {
            // Zeros are no record. They go where none of this opening has been.
            let from = segment.ready.max(before);
            segment.ready = segment.len + READY_BYTES;
            segment.file.write_at(&vec![0; (segment.ready - from) as usize], from)?;
        }
        segment.file.write_at(record, before)?;
        match self.syncing {
            Syncing::EachRecord => segment.file.sync()?,
            Syncing::Soon => {
                segment.dirty = true;
                self.unsynced_since.get_or_insert(now);
            }
        }
        self.begun.get_or_insert(now);
        Ok(before == 0 || before < FOLD_BYTES && segment.len >= FOLD_BYTES)
    }

    /// Nothing was written, or taken to be written, in this generation.
    pub fn is_empty(&self) -> bool {
        self.segments[self.active].len == 0 && !self.has_taken()
    }

    /// When the generation has to end.
    pub fn fold_due(&self) -> Option<Instant> {
        let begun = self.begun?;
        Some(if self.segments[self.active].len >= FOLD_BYTES { begun } else { begun + FOLD_WITHIN })
    }

    pub fn generation(&self) -> u32 {
        self.chain.generation
    }

    /// The other segment takes the records from here on. Its writes must be in the store's file, and on disk there.
    ///
    /// Crash from here on: its first record takes the place of the old one, whose generation is over. Torn, it is no record.
    pub fn switch(&mut self) -> io::Result<()> {
        self.active = 1 - self.active;
        self.chain.generation =
            self.chain.generation.checked_add(1).ok_or_else(|| io::Error::other("the log has no more generations"))?;
        let segment = &mut self.segments[self.active];
        if segment.len > KEPT_BYTES {
            segment.file.truncate(0)?;
            segment.ready = 0;
        }
        segment.len = 0;
        self.begun = None;
        Ok(())
    }

    /// When the next sync has to begin.
    pub fn due(&self) -> Option<Instant> {
        self.unsynced_since.map(|since| since + SYNC_WITHIN)
    }

    /// A sync is so late that nothing more may be shown: what has been could be older than is promised.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.in_sync_since.or(self.unsynced_since).is_some_and(|since| since + SHOWN_FOR <= now)
    }

    /// The files to sync, the older segment first. They are synced while records go on coming; then [`Self::synced`].
    pub fn begin_sync(&mut self) -> Vec<Arc<dyn LogFile>> {
        self.in_sync_since = self.unsynced_since.take();
        let order = [1 - self.active, self.active];
        let mut files = Vec::new();
        for segment in order {
            let segment = &mut self.segments[segment];
            if std::mem::take(&mut segment.dirty) {
                files.push(segment.file.clone());
            }
        }
        files
    }

    pub fn synced(&mut self) {
        self.in_sync_since = None;
    }
}
