//! The power fails, or the process is killed, at any moment of seeded work: what is left is a prefix of the order of writes,
//! and nothing is missing that was confirmed (strict) or confirmed and synced (relaxed).
//!
//! Everything here runs in one thread and virtual time, so a seed replays: `TOLLGATE_POWER_LOSS_SEED=<n>` runs one alone.

use std::path::Path;
use std::time::Instant;

use super::file::{self, Journal};
use super::open::Options;
use super::*;
use crate::kv::durability::{Durability, SYNC_WITHIN};
use crate::kv::sqlite::shared::Commit;
use disk::{Change, Disk, Entry, Files};
use random::Random;
use vfs::Recorder;
use work::{History, Writing};

mod disk;
mod failures;
mod log;
mod random;
mod vfs;
mod work;

const STORMS: u64 = 16;
const GENERATIONS: usize = 4;
const CUTS: usize = 12;
/// What relaxed may lose, in milliseconds: a second is promised, and here a sync takes no time.
const RELAXED_LOSS: u64 = SYNC_WITHIN.as_millis() as u64;

fn options(durability: Durability, journal: Journal) -> Options {
    let vfs = match journal {
        Journal::WriteAhead => vfs::WHOLE,
        Journal::Rollback => vfs::WITHOUT_LOG,
    };
    let log = Arc::new(log::Recorded);
    Options { vfs: Some(vfs), log, sync_folder: vfs::sync_folder, ..Options::new(durability) }
}

/// In memory where that is possible: the syncs of the usual layer are of no use here.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn seeds() -> Vec<u64> {
    match std::env::var("TOLLGATE_POWER_LOSS_SEED") {
        Ok(seed) => vec![seed.parse().expect("a seed is a number")],
        Err(_) => (0..STORMS).collect(),
    }
}

/// The store and its disk from one opening to the next.
struct Generation {
    name: String,
    durability: Durability,
    journal: Journal,
    /// What the disk held at the beginning, and everything that has happened to it since.
    files: Files,
    entries: Vec<Entry>,
    /// Where the opening began, and where it had returned.
    first: usize,
    opened: usize,
    /// How many writes were found in the file.
    found: usize,
    /// At the end.
    confirmed: usize,
    now: u64,
}

impl Generation {
    fn disk_at(&self, at: usize) -> Disk {
        let mut disk = Disk::with(&self.files);
        self.entries[..at].iter().for_each(|entry| disk.apply(entry));
        disk
    }

    /// How many writes were confirmed before entry `at`, and when it is.
    fn moment(&self, at: usize) -> (usize, u64) {
        self.entries.get(at).map_or((self.confirmed, self.now), |entry| (entry.confirmed, entry.now))
    }

    /// How many writes a power cut before entry `at` has to leave.
    fn must_be_left(&self, at: usize, promise: Durability) -> usize {
        let (confirmed, now) = self.moment(at);
        // A reader takes what it finds in the file for durable.
        let found = if at >= self.opened { self.found } else { 0 };
        let earlier = self.entries[..at].iter();
        let left = match promise {
            Durability::Strict => confirmed,
            Durability::Relaxed => {
                earlier.filter(|entry| entry.now + RELAXED_LOSS < now).map(|entry| entry.confirmed).max().unwrap_or(0)
            }
        };
        left.max(found)
    }

    /// The kernel still has what it had, and the disk still hasn't.
    fn after_kill(&self, at: usize) -> Writing {
        let (confirmed, now) = self.moment(at);
        let confirmed = if at >= self.opened { confirmed.max(self.found) } else { confirmed };
        Writing {
            name: format!("{}, killed at {at}", self.name),
            files: self.files.clone(),
            entries: self.entries[..at].to_vec(),
            confirmed,
            now,
            durability: self.durability,
            journal: self.journal,
        }
    }

    fn after_power_loss(&self, at: usize, left: usize, files: Files) -> Writing {
        let name = format!("{}, cut at {at}", self.name);
        let begin = Writing::new(name, self.durability, self.journal);
        Writing { files, confirmed: left, now: self.moment(at).1, ..begin }
    }
}

fn is_sync_of_the_log(entry: &Entry) -> bool {
    matches!(entry.change, Change::Sync) && is_of_the_log(entry)
}

fn is_of_the_log(entry: &Entry) -> bool {
    entry.file.contains(".log-")
}

/// Opens what is left with a usual store. How many writes are left, if they are the first so many of all.
fn examine(files: &Files, history: &History) -> Result<usize, String> {
    let folder = folder();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let store = SqliteStore::open(folder.path(), Durability::Strict).map_err(|error| format!("{error:#}"))?;
    let left = work::contents(&store);
    futures::executor::block_on(async {
        let seq = store.set(work::S, "after", Bytes::from_static(b"life goes on")).await.unwrap();
        store.durable(seq).await.map_err(|error| error.to_string())
    })?;
    drop(store);
    let connection = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    if verdict != "ok" {
        return Err(format!("integrity_check: {verdict}"));
    }
    history.position_of(&left).ok_or_else(|| format!("no prefix of the order of writes, but {:?}", left.keys()))
}

/// The power fails before entry `at`.
fn cut(run: &Generation, at: usize, promise: Durability, random: &mut Random, history: &History) -> (usize, Files) {
    let files = run.disk_at(at).after_power_loss(random);
    let must = run.must_be_left(at, promise);
    (left_of(&files, must, history, run, at, "the power fails"), files)
}

/// The process is killed before entry `at`: what it had confirmed is there, whatever the mode.
fn kill(run: &Generation, at: usize, history: &History) -> usize {
    let found = if at >= run.opened { run.found } else { 0 };
    let must = run.moment(at).0.max(found);
    left_of(&run.disk_at(at).seen_by_the_next_process(), must, history, run, at, "the process is killed")
}

fn left_of(files: &Files, must: usize, history: &History, run: &Generation, at: usize, event: &str) -> usize {
    let what = match examine(files, history) {
        Ok(left) if left >= must => return left,
        Ok(left) => format!("{left} writes are left of {must} that had to stay"),
        Err(problem) => problem,
    };
    panic!("{}: {event} before entry {at}: {what}", run.name)
}

/// Work, cuts at many moments of it, and on from one of them: another opening, more work.
fn storm(seed: u64, durability: Durability, journal: Journal) {
    let mut random = Random::new(seed);
    let mut history = History::default();
    let mut begin = Writing::new(format!("seed {seed}, {durability:?}, {journal:?}"), durability, journal);
    for _ in 0..GENERATIONS {
        // Shown when a test fails, wherever it does.
        println!("{}", begin.name);
        let run = work::work(&mut random, &mut history, begin);
        let moments = run.entries.len() - run.first + 1;
        for _ in 0..CUTS {
            cut(&run, run.first + random.below(moments), durability, &mut random, &history);
        }
        let at = run.first + random.below(moments);
        if random.percent(50) {
            let left = kill(&run, at, &history);
            history.cut(left);
            begin = run.after_kill(at);
        } else {
            let (left, files) = cut(&run, at, durability, &mut random, &history);
            history.cut(left);
            begin = run.after_power_loss(at, left, files);
        }
    }
}

#[test]
fn strict_loses_nothing_confirmed() {
    for seed in seeds() {
        storm(seed, Durability::Strict, Journal::WriteAhead);
    }
}

#[test]
fn relaxed_loses_at_most_a_second_and_stays_whole() {
    for seed in seeds() {
        storm(seed, Durability::Relaxed, Journal::WriteAhead);
    }
}

#[test]
fn without_a_write_ahead_log_both_keep_their_promises() {
    for seed in seeds() {
        storm(seed, Durability::Strict, Journal::Rollback);
        storm(seed, Durability::Relaxed, Journal::Rollback);
    }
}

/// Files whose names aren't on disk yet, found by the next process and trusted.
#[test]
fn a_kill_while_the_file_is_made_hides_nothing() {
    for (durability, journal) in [
        (Durability::Strict, Journal::WriteAhead),
        (Durability::Relaxed, Journal::WriteAhead),
        (Durability::Strict, Journal::Rollback),
        (Durability::Relaxed, Journal::Rollback),
    ] {
        let mut random = Random::new(7);
        let mut history = History::default();
        let begin = Writing::new(format!("made {durability:?}, {journal:?}"), durability, journal);
        let run = work::work(&mut random, &mut history, begin);
        for at in 0..run.opened + 5 {
            let mut history = history.clone();
            let left = kill(&run, at, &history);
            history.cut(left);
            let next = work::work(&mut random, &mut history, run.after_kill(at));
            let moments = next.entries.len() - next.opened + 1;
            for _ in 0..CUTS {
                let at = next.opened + random.below(moments);
                cut(&next, at, durability, &mut random, &history);
            }
        }
    }
}

/// The checks above would pass if nothing were ever unsynced.
#[test]
fn relaxed_does_lose_something() {
    let mut random = Random::new(1);
    let mut history = History::default();
    let begin = Writing::new("relaxed".into(), Durability::Relaxed, Journal::WriteAhead);
    let run = work::work(&mut random, &mut history, begin);
    let lost = (run.opened..=run.entries.len())
        .any(|at| cut(&run, at, Durability::Relaxed, &mut random, &history).0 < run.moment(at).0);
    assert!(lost);
}
