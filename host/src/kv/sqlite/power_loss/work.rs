//! Seeded work on a store that the caller drives: which writes there were, in which order, and what stands in the store
//! after each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures::executor::block_on;

use super::*;
use crate::kv::sqlite::fold::Folder;
use crate::kv::sqlite::learn::learn;
use crate::kv::sqlite::shared::Shared;
use crate::kv::sqlite::writer::Writer;

pub const S: &str = "default";
const TURNS: usize = 40;

type Contents = BTreeMap<String, Bytes>;

/// All writes that were acknowledged, and not lost since.
#[derive(Clone, Default)]
pub struct History {
    writes: Vec<(String, Option<Bytes>)>,
    paid: i64,
}

impl History {
    fn push(&mut self, key: &str, value: Option<Bytes>) {
        self.writes.push((key.into(), value));
    }

    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// After how many writes the store held exactly this; the last time, if there were several.
    pub fn position_of(&self, contents: &Contents) -> Option<usize> {
        let mut now = Contents::new();
        let mut found = contents.is_empty().then_some(0);
        for (n, (key, value)) in self.writes.iter().enumerate() {
            match value {
                Some(value) => now.insert(key.clone(), value.clone()),
                None => now.remove(key),
            };
            if now == *contents {
                found = Some(n + 1);
            }
        }
        found
    }

    /// The rest was lost.
    pub fn cut(&mut self, left: usize) {
        self.writes.truncate(left);
        let count = self.writes.iter().rev().find(|(key, _)| key == "count");
        self.paid = count.map_or(0, |(_, value)| i64::from_le_bytes(value.as_deref().unwrap().try_into().unwrap()));
    }
}

/// Everything in the store, read the usual way.
pub fn contents(store: &SqliteStore) -> Contents {
    block_on(async {
        let (keys, _) = store.list_keys(S, None, usize::MAX >> 1).await.unwrap();
        let mut contents = Contents::new();
        for key in keys {
            let value = store.get(S, &key).await.unwrap().0.expect("listed, so it is there");
            contents.insert(key, value);
        }
        contents
    })
}

/// What a generation begins with.
pub struct Writing {
    /// How it came about, for a message.
    pub name: String,
    pub durability: Durability,
    pub journal: Journal,
    pub files: Files,
    pub entries: Vec<Entry>,
    pub confirmed: usize,
    pub now: u64,
}

impl Writing {
    /// With an empty disk.
    pub fn new(name: String, durability: Durability, journal: Journal) -> Self {
        let (files, entries) = (Files::new(), Vec::new());
        Self { name, durability, journal, files, entries, confirmed: 0, now: 0 }
    }
}

/// Opens the store, works, and drops everything as it is.
pub fn work(random: &mut Random, history: &mut History, writing: Writing) -> Generation {
    let Writing { name, durability, journal, files, entries, confirmed, mut now } = writing;
    let folder = folder();
    let mut disk = Disk::with(&files);
    entries.iter().for_each(|entry| disk.apply(entry));
    for (name, content) in disk.seen_by_the_next_process() {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let first = entries.len();
    let recorder = Recorder::watch(folder.path(), entries, now, confirmed);
    let (store, mut writer, mut folder_thread) =
        SqliteStore::prepare(folder.path(), options(durability, journal)).unwrap();
    let found = history.len();
    let shared = store.shared.clone();
    let so_far = {
        let shared = shared.clone();
        move || found + confirmed_by(&shared)
    };
    recorder.confirmed_by(so_far.clone());
    let opened = recorder.entries().len();

    // Checkpoints come often, and large groups spill into the log before they are committed.
    folder_thread.connection.pragma_update(None, "wal_autocheckpoint", 6 + random.below(40)).unwrap();
    folder_thread.connection.pragma_update(None, "cache_size", 10 + random.below(100)).unwrap();
    let learner = file::open_reader(&folder.path().join(FILE_NAME), options(durability, journal).vfs).unwrap();
    let start = Instant::now() - Duration::from_millis(now);
    let mut reader: Option<Connection> = None;
    for _ in 0..TURNS {
        for _ in 0..1 + random.below(10) {
            write(&store, random, history);
        }
        let next = now + random.below(300) as u64;
        let until = start + Duration::from_millis(next);
        while let Some(due) = writer.due().filter(|due| *due <= until) {
            recorder.set_now(u64::try_from((due - start).as_millis()).unwrap());
            step(&mut writer, &mut folder_thread, due, random);
        }
        now = next;
        recorder.set_now(now);
        step(&mut writer, &mut folder_thread, until, random);
        if random.percent(5) {
            learn(&learner, &shared).unwrap();
        }
        // Somebody who reads for long keeps checkpoints from finishing, and the log from starting anew. (Without a log
        // the writer would have to wait.)
        if journal == Journal::WriteAhead && random.percent(20) {
            reader = match reader {
                Some(_) => None,
                None => Some(begin_to_read(&folder.path().join(FILE_NAME))),
            };
        }
    }
    let (entries, confirmed) = (recorder.entries(), so_far());
    drop((reader, learner, store, writer, folder_thread));
    Recorder::forget(folder.path());
    Generation { name, durability, journal, files, entries, first, opened, found, confirmed, now }
}

/// What one thread does next, and whether it did anything.
type Step<'a> = Box<dyn FnMut(&mut Random) -> bool + 'a>;

/// The two threads are at work at the same time: either may come first, and a generation that is over may wait long until
/// it is in the file.
fn step(writer: &mut Writer, folder: &mut Folder, now: Instant, random: &mut Random) {
    let folder = RefCell::new(folder);
    let mut steps: [Step<'_>; 3] = [
        Box::new(|_| writer.step(now)),
        Box::new(|random| !random.percent(40) || folder.borrow_mut().fold()),
        Box::new(|_| folder.borrow_mut().freeze(now) == Commit::Done),
    ];
    let first = random.below(steps.len());
    steps.rotate_left(first);
    for step in &mut steps {
        assert!(step(random), "the store has failed");
    }
}

/// As a waiter learns it.
pub fn confirmed_by(shared: &Shared) -> usize {
    usize::try_from(shared.progress.durable().0).unwrap()
}

/// One or two writes.
pub fn write(store: &SqliteStore, random: &mut Random, history: &mut History) {
    block_on(async {
        let key = format!("k{}", random.below(12));
        match random.below(10) {
            0..4 => {
                // As money does it: an entry in a log, and a counter.
                let entry = format!("log/{}", history.paid + 1);
                let value = Bytes::from(vec![random.byte(); random.below(60)]);
                store.set(S, &entry, value.clone()).await.unwrap();
                history.push(&entry, Some(value));
                let (count, _) = store.increment(S, "count", 1).await.unwrap();
                history.paid += 1;
                assert_eq!(count, history.paid);
                history.push("count", Some(Bytes::copy_from_slice(&count.to_le_bytes())));
            }
            4 => {
                store.delete(S, &key).await.unwrap();
                history.push(&key, None);
            }
            choice => {
                // Large ones take pages of their own.
                let len = if choice == 5 { random.below(20_000) } else { random.below(200) };
                let value: Bytes = (0..len).map(|_| random.byte()).collect();
                store.set(S, &key, value.clone()).await.unwrap();
                history.push(&key, Some(value));
            }
        }
    });
}

fn begin_to_read(path: &Path) -> Connection {
    let reader = file::open_reader(path, Some(vfs::WHOLE)).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM spin_key_value").unwrap();
    reader
}
