//! What only the embedded store promises while it runs: groups, failures, and waiting. What it leaves in its folder:
//! [`folder`].

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use tempfile::TempDir;

use super::log::files::{LogFile, LogFiles, Usual};
use super::open::Options;
use super::shared::{Commit, Then};
use super::*;
use crate::kv::conformance;
use crate::kv::durability::Durability;

mod folder;

const S: &str = "default";
const BOTH: [Durability; 2] = [Durability::Strict, Durability::Relaxed];

struct InFolder {
    store: SqliteStore,
    folder: TempDir,
}

fn open() -> InFolder {
    open_as(Durability::Strict)
}

fn open_as(durability: Durability) -> InFolder {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), durability).unwrap();
    InFolder { store, folder }
}

#[test]
fn conforms() {
    for durability in BOTH {
        let folders = Mutex::new(Vec::new());
        conformance::run(|| {
            let InFolder { store, folder } = open_as(durability);
            folders.lock().unwrap().push(folder);
            Arc::new(store)
        });
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_a_reopening() {
    let InFolder { store, folder } = open();
    store.set(S, "a", Bytes::from_static(b"1")).await.unwrap();
    store.increment(S, "n", 3).await.unwrap();
    drop(store);
    let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
    assert_eq!(store.get(S, "a").await.unwrap().0.as_deref(), Some(&b"1"[..]));
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 4);
}

#[tokio::test]
async fn two_gates_can_not_share_a_folder() {
    let InFolder { store, folder } = open();
    assert!(SqliteStore::open(folder.path(), Durability::Strict).is_err());
    drop(store);
    SqliteStore::open(folder.path(), Durability::Strict).unwrap();
}

#[tokio::test]
async fn writes_are_committed_in_groups() {
    let InFolder { store, folder: _folder } = open();
    const WRITES: u64 = 5_000;
    let writes = (0..WRITES).map(|n| {
        let store = &store;
        async move {
            let (_, seq) = store.increment(S, &format!("k{}", n % 100), 1).await.unwrap();
            store.durable(seq).await.unwrap();
        }
    });
    join_all(writes).await;
    let commits = store.shared.commits.load(Ordering::Relaxed);
    assert!(commits < WRITES / 20, "{commits} commits for {WRITES} writes");
    let sum: i64 = {
        let mut sum = 0;
        for n in 0..100 {
            sum += store.increment(S, &format!("k{n}"), 0).await.unwrap().0;
        }
        sum
    };
    assert_eq!(sum, 5_000);
}

#[tokio::test]
async fn callers_wait_when_too_much_is_queued() {
    let InFolder { store, folder: _folder } = open();
    let value = Bytes::from(vec![1; 1 << 20]);
    let before = std::time::Instant::now();
    for n in 0..300 {
        store.set(S, &format!("k{n}"), value.clone()).await.unwrap();
        let queued = store.shared.lock().queue.len();
        assert!(queued <= MAX_QUEUED_BYTES + (2 << 20), "{queued} bytes queued");
    }
    assert!(before.elapsed() < Duration::from_secs(60));
}

/// A log on a disk that is full from some moment on.
#[derive(Default)]
struct Filling(Arc<AtomicBool>);

struct FillingFile(Arc<dyn LogFile>, Arc<AtomicBool>);

impl LogFiles for Filling {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(FillingFile(Usual.open(path)?, self.0.clone())))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Usual.remove(path)
    }
}

impl LogFile for FillingFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.1.load(Ordering::Relaxed) {
            // As full disks do: some of it still fits.
            self.0.write_at(&bytes[..bytes.len() / 2], at)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write_at(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }
}

#[tokio::test]
async fn after_a_failed_commit_nothing_works_until_a_restart() {
    for durability in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let full = Arc::new(AtomicBool::new(false));
        let options = Options { log: Arc::new(Filling(full.clone())), ..Options::new(durability) };
        let store = SqliteStore::open_with(folder.path(), options).unwrap();
        let (_, durable) = store.increment(S, "n", 1).await.unwrap();
        store.durable(durable).await.unwrap();
        full.store(true, Ordering::Relaxed);
        fails_for_good(store, durable).await;
        let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
        assert_eq!(store.increment(S, "n", 0).await.unwrap().0, 1, "the prefix that was committed");
    }
}

async fn fails_for_good(store: SqliteStore, durable: Seq) {
    let (_, lost) = store.increment(S, "n", 1).await.unwrap();
    assert!(matches!(store.durable(lost).await, Err(KvError::Failed(_))));

    assert!(store.durable(durable).await.is_ok(), "an earlier write is as durable as ever");
    assert!(!store.is_durable(lost));
    assert!(matches!(store.get(S, "n").await, Err(KvError::Failed(_))));
    assert!(matches!(store.increment(S, "n", 1).await, Err(KvError::Failed(_))));
    assert!(matches!(store.set(S, "m", Bytes::new()).await, Err(KvError::Failed(_))));
    assert!(matches!(store.list_keys(S, None, 1).await, Err(KvError::Failed(_))));
}

/// What is in the log is durable, whatever becomes of the file; but a gate that can't empty its log has to stop.
#[tokio::test]
async fn a_file_that_can_not_be_written_stops_the_store_and_loses_nothing() {
    for durability in BOTH {
        let InFolder { store, folder } = open_as(durability);
        // From here on it is known what is there of it, and the file isn't asked.
        assert_eq!(store.get(S, "n").await.unwrap().0, None);
        let intruder = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        intruder.execute("ALTER TABLE spin_key_value RENAME TO gone", []).unwrap();
        let (_, kept) = store.increment(S, "n", 1).await.unwrap();
        store.durable(kept).await.unwrap();
        let begun = Instant::now();
        while store.set(S, "m", Bytes::new()).await.is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the store doesn't notice");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(store.durable(kept).await.is_ok());
        drop(store);
        intruder.execute("ALTER TABLE gone RENAME TO spin_key_value", []).unwrap();
        let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
        assert_eq!(store.increment(S, "n", 0).await.unwrap().0, 1);
    }
}

/// On a slow disk callers wait instead of being shown what could be lost.
#[test]
fn nothing_is_committed_while_a_sync_is_overdue() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut writer, _folder) = SqliteStore::prepare(folder.path(), Options::new(Durability::Relaxed)).unwrap();
    let start = Instant::now();
    let commit = |after: u64| {
        futures::executor::block_on(store.set(S, "k", Bytes::new())).unwrap();
        let now = start + Duration::from_millis(after);
        store.shared.commit(&mut store.shared.lock_log(), now, Then::GoOn)
    };
    let check = |after: u64, expected: Commit| assert_eq!(commit(after), expected, "after {after} ms");
    check(0, Commit::Done);
    check(899, Commit::Done);
    check(900, Commit::Overdue);
    // A sync that runs doesn't help before it is over.
    let running = store.shared.lock_log().begin_sync();
    assert_eq!(running.len(), 1);
    check(901, Commit::Overdue);
    store.shared.lock_log().synced();
    check(902, Commit::Done);
    assert!(!store.is_durable(Seq(100)) && store.is_durable(store.shared.lock().last));
    check(1_801, Commit::Done);
    check(1_802, Commit::Overdue);
    assert!(writer.step(start + Duration::from_millis(1_802)), "which syncs first");
    assert!(store.is_durable(store.shared.lock().last));
}

#[tokio::test]
async fn absent_keys_are_known_without_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..2u8 {
        let store = SqliteStore::open(folder.path(), Durability::Relaxed).unwrap();
        let begun = Instant::now();
        while !store.shared.lock().filter.excludes(KeyRef::new(S, "nowhere").hash) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the filter stays incomplete");
            std::thread::sleep(Duration::from_millis(1));
        }
        for n in 0..10_000 {
            let (value, _) = store.get(S, &format!("k{n}")).await.unwrap();
            assert_eq!(value, (round == 1).then(|| Bytes::from_static(b"v")), "k{n}");
        }
        for n in 0..10_000 {
            store.set(S, &format!("k{n}"), Bytes::from_static(b"v")).await.unwrap();
        }
    }
}
