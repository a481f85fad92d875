//! What is in the folder: after a stop, after a kill, and when it comes from Spin.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::Connection;

use super::super::key::KeyRef;
use super::super::log::files::paths;
use super::super::{FILE_NAME, SqliteStore};
use super::{BOTH, InFolder, S, open, open_as};
use crate::kv::KeyValue;
use crate::kv::durability::Durability;

/// Tells the test binary that it is the process to be killed.
const CHILD: &str = "TOLLGATE_TEST_KILLED_CHILD";
const CHILD_IS_RELAXED: &str = "TOLLGATE_TEST_KILLED_CHILD_IS_RELAXED";

fn rows_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let connection = Connection::open(folder.join(FILE_NAME)).unwrap();
    let mut select = connection.prepare("SELECT key, value FROM spin_key_value ORDER BY key").unwrap();
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn after_a_clean_stop_everything_is_in_the_file_as_spin_has_it() {
    for durability in BOTH {
        let InFolder { store, folder } = open_as(durability);
        store.set(S, "a", Bytes::from_static(b"1")).await.unwrap();
        store.set(S, "gone", Bytes::from_static(b"1")).await.unwrap();
        store.delete(S, "gone").await.unwrap();
        store.increment(S, "n", 3).await.unwrap();
        assert_eq!(store.get(S, "nowhere").await.unwrap().0, None);
        drop(store);
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        assert_eq!(names, ["lock", FILE_NAME]);
        assert_eq!(rows_in(folder.path()), [("a".into(), b"1".to_vec()), ("n".into(), 3i64.to_le_bytes().to_vec())]);
    }
}

#[tokio::test]
async fn the_log_goes_into_the_file_while_the_store_runs() {
    let InFolder { store, folder } = open_as(Durability::Relaxed);
    store.shared.lock().filter.complete();
    let begun = Instant::now();
    for generation in 1..=3 {
        let (value, seq) = store.increment(S, "n", 1).await.unwrap();
        store.durable(seq).await.unwrap();
        while rows_in(folder.path()) != [("n".into(), i64::to_le_bytes(value).to_vec())] {
            assert!(begun.elapsed() < Duration::from_secs(30), "generation {generation} stays in the log");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(store.increment(S, "n", 0).await.unwrap().0, value);
        assert!(!store.shared.lock().filter.excludes(KeyRef::new(S, "n").hash));
    }
    assert!(paths(folder.path()).iter().all(|segment| segment.is_file()));
}

/// A process that is being started has every file of its parent open for a moment, as this copy does.
#[tokio::test]
async fn a_closed_store_gives_its_folder_back_whoever_else_has_the_lock_open() {
    let InFolder { store, folder } = open();
    let copy = store.lock.lock().unwrap().as_ref().unwrap().try_clone().unwrap();
    assert!(SqliteStore::open(folder.path(), Durability::Strict).is_err(), "it is in use");
    drop(store);
    SqliteStore::open(folder.path(), Durability::Strict).unwrap();
    drop(copy);
}

/// A log of another life of the folder: its file was put back to an older state.
#[tokio::test]
async fn a_log_that_does_not_continue_the_file_is_ignored_for_good() {
    let InFolder { store, folder } = open();
    let (_, seq) = store.increment(S, "n", 7).await.unwrap();
    store.durable(seq).await.unwrap();
    let [segment, other] = paths(folder.path());
    let record = fs::read(&segment).unwrap();
    drop(store);
    // As if its generation were over, and much later than the file's.
    fs::write(&other, &record).unwrap();
    for expected in [8, 9] {
        let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
        let (value, seq) = store.increment(S, "n", 1).await.unwrap();
        store.durable(seq).await.unwrap();
        assert_eq!(value, expected);
    }
}

#[tokio::test]
async fn a_file_made_by_spin_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let spin = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    spin.execute_batch(
        "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key));
         INSERT INTO spin_key_value VALUES ('default', 'n', X'2A00000000000000'), ('default', 'v', X'76');",
    )
    .unwrap();
    drop(spin);
    let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 43);
    assert_eq!(store.get(S, "v").await.unwrap().0.as_deref(), Some(&b"v"[..]));
    let mode: String = Connection::open(folder.path().join(FILE_NAME))
        .unwrap()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_file_that_can_not_be_switched_works_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let other = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    other
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1); CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key)); BEGIN; SELECT * FROM t;")
        .unwrap();
    // A read transaction that has begun keeps the journal mode from changing.
    let _: i64 = other.query_row("SELECT x FROM t", [], |row| row.get(0)).unwrap();
    let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
    other.execute_batch("COMMIT").unwrap();
    let (value, seq) = store.increment(S, "n", 1).await.unwrap();
    store.durable(seq).await.unwrap();
    assert_eq!(value, 1);
    store.close();
    let stored: Vec<u8> =
        other.query_row("SELECT value FROM spin_key_value WHERE key = 'n'", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 1i64.to_le_bytes());
}

/// Not a test of its own: what runs in the process that is killed. Writes `k0`, `k1`, ... with a count beside them, and
/// says how far it is durable.
#[tokio::test]
async fn killed_child() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let durability = BOTH[usize::from(std::env::var(CHILD_IS_RELAXED).is_ok())];
    let store = SqliteStore::open(Path::new(&folder), durability).unwrap();
    for n in 0i64.. {
        store.set(S, &format!("k{n}"), Bytes::from(vec![0; 100])).await.unwrap();
        let (count, seq) = store.increment(S, "count", 1).await.unwrap();
        assert_eq!(count, n + 1);
        if n % 37 == 0 {
            store.durable(seq).await.unwrap();
            println!("durable {count}");
        }
    }
}

#[tokio::test]
async fn a_kill_leaves_a_prefix_with_everything_durable() {
    for round in 0..10 {
        let durability = BOTH[usize::from(round % 2 == 1)];
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kv::sqlite::tests::folder::killed_child", "--nocapture"]).env(CHILD, folder.path());
        if durability == Durability::Relaxed {
            command.env(CHILD_IS_RELAXED, "yes");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut acknowledged = 0i64;
        let started = Instant::now();
        let life = Duration::from_millis(150 + 35 * round);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while started.elapsed() < life || acknowledged == 0 {
            let line = lines.next().expect("the child ended").unwrap();
            if let Some(count) = line.strip_prefix("durable ") {
                acknowledged = count.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts as well.
        for line in lines.map_while(Result::ok) {
            if let Some(Ok(count)) = line.strip_prefix("durable ").map(str::parse::<i64>) {
                acknowledged = acknowledged.max(count);
            }
        }

        let store = SqliteStore::open(folder.path(), Durability::Strict).unwrap();
        let (count, _) = store.increment(S, "count", 0).await.unwrap();
        let (keys, _) = store.list_keys(S, Some("k"), 10_000_000).await.unwrap();
        let kept = i64::try_from(keys.len()).unwrap();
        assert!(count >= acknowledged, "round {round}, {durability:?}: {count} of {acknowledged} acknowledged");
        for n in 0..kept {
            assert!(store.exists(S, &format!("k{n}")).await.unwrap().0, "round {round}, {durability:?}: a hole at {n}");
        }
        // The key comes before its count: the cut may be between the two, and nowhere else.
        assert!(kept == count || kept == count + 1, "round {round}, {durability:?}: {kept} keys, {count} counted");
    }
}
