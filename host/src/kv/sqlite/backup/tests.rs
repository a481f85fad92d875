//! OPS-5: what a backup holds, and what a restore does to what was there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rusqlite::Connection;

use super::*;
use crate::kv::KeyValue;
use crate::kv::durability::Durability;

const S: &str = "default";

fn rows(file: &Path) -> Vec<(String, Vec<u8>)> {
    let connection = Connection::open(file).unwrap();
    let mut select = connection.prepare("SELECT key, value FROM spin_key_value ORDER BY key").unwrap();
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

async fn store_with(data: &Path, key: &str) -> SqliteStore {
    let store = SqliteStore::open(data, Durability::Strict).unwrap();
    let seq = store.set(S, key, Bytes::from_static(b"1")).await.unwrap();
    store.durable(seq).await.unwrap();
    store
}

#[tokio::test]
async fn ops_5_a_backup_has_what_is_in_the_file_and_what_is_still_in_the_log() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let signer = tlog::Signer::new("example.com/log", [7; 32]).unwrap();
    let note = |size| tlog::Checkpoint { origin: "example.com/log".into(), size, root: [9; 32] }.sign(&signer);
    drop(store_with(data.path(), "old").await);
    let store = store_with(data.path(), "a").await;
    store.set("other", "a", Bytes::from_static(b"2")).await.unwrap();
    for (n, note) in [("9", note(5)), ("10", note(7)), ("x", "no note".into())] {
        let value = serde_json::to_vec(&note).unwrap();
        store.set(S, &families::CHECKPOINT.key(&[n]), value.into()).await.unwrap();
    }
    store.delete(S, "old").await.unwrap();
    let (_, seq) = store.increment(S, "n", 3).await.unwrap();
    store.durable(seq).await.unwrap();
    let file = to.path().join("copy");
    copy(data.path(), &file).unwrap();
    assert!(copy(data.path(), &file).is_err(), "it is there");
    drop(store);

    let contents = examine(&file).unwrap();
    assert_eq!((contents.keys, contents.bytes), (6, fs::metadata(&file).unwrap().len()));
    assert_eq!(contents.checkpoint, Some(note(7)));
    let held = rows(&file);
    assert_eq!(held[0], ("a".into(), b"1".to_vec()));
    assert_eq!(held.last().unwrap(), &("n".into(), 3i64.to_le_bytes().to_vec()));
    assert_eq!(names(to.path()), ["copy"], "one file, with nothing beside it");
    let mode: String = Connection::open(&file).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "as Spin has it");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Each round writes a pair of keys one after the other: a copy that has the second of a round has the first.
#[test]
fn ops_5_a_backup_is_one_moment_of_a_store_that_is_written_to() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Arc::new(SqliteStore::open(data.path(), Durability::Relaxed).unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        move || {
            futures::executor::block_on(async {
                let filler = Bytes::from(vec![7; 4096]);
                for round in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    store.increment(S, "first", 1).await.unwrap();
                    store.set(S, &format!("filler/{}", round % 2_000), filler.clone()).await.unwrap();
                    let (_, seq) = store.increment(S, "second", 1).await.unwrap();
                    store.durable(seq).await.unwrap();
                }
            });
        }
    });
    let mut last = 0;
    for n in 0..25 {
        std::thread::sleep(std::time::Duration::from_millis(80));
        let file = to.path().join(n.to_string());
        let before = futures::executor::block_on(store.increment(S, "second", 0)).unwrap().0;
        copy(data.path(), &file).unwrap();
        examine(&file).unwrap();
        let held = rows(&file);
        let counter = |name: &str| {
            let (_, value) = held.iter().find(|(key, _)| key == name).unwrap();
            i64::from_le_bytes(value[..].try_into().unwrap())
        };
        let (first, second) = (counter("first"), counter("second"));
        assert!(first == second || first == second + 1, "copy {n}: {first} and {second}");
        assert!(second + 1 >= before && second >= last, "copy {n}: {second}, {before} before it");
        last = second;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(last > 100, "{last} rounds were too few to tell anything");
}

#[tokio::test]
async fn ops_5_a_restore_moves_what_was_there_and_deletes_nothing() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let backup = other.path().join("backup");
    let store = store_with(data.path(), "a").await;
    copy(data.path(), &backup).unwrap();
    let seq = store.set(S, "later", Bytes::from_static(b"1")).await.unwrap();
    store.durable(seq).await.unwrap();
    let refused = |aside| restore(&backup, data.path(), aside, Accept::Backups).unwrap_err().to_string();
    assert!(refused(Some("before")).contains("in use by another gate"));
    // As after a kill: what is newest lies in the log.
    for log in files::paths(data.path()) {
        fs::copy(&log, other.path().join(log.file_name().unwrap())).unwrap();
    }
    drop(store);
    for log in files::paths(data.path()) {
        fs::rename(other.path().join(log.file_name().unwrap()), &log).unwrap();
    }
    assert!(refused(None).contains("there is a store in"));
    let restored = restore(&backup, data.path(), Some("before"), Accept::Backups).unwrap();
    assert!(restored.doubt.is_none(), "{:?}", restored.doubt);
    assert_eq!((restored.contents.keys, restored.aside.unwrap()), (1, data.path().join("before")));
    assert_eq!(rows(&data.path().join(FILE_NAME)), [("a".into(), b"1".to_vec())]);
    assert_eq!(rows(&data.path().join("before").join(FILE_NAME)).len(), 2, "with what was in its log");
    assert_eq!(names(data.path()), ["before", "lock", FILE_NAME]);
    let store = SqliteStore::open(data.path(), Durability::Strict).unwrap();
    assert_eq!(store.get(S, "a").await.unwrap().0.as_deref(), Some(&b"1"[..]));
    assert_eq!(store.get(S, "later").await.unwrap().0, None);
}

#[tokio::test]
async fn ops_5_a_damaged_store_is_moved_as_it_is() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let backup = other.path().join("backup");
    drop(store_with(data.path(), "a").await);
    copy(data.path(), &backup).unwrap();
    fs::write(data.path().join(FILE_NAME), vec![9; 8192]).unwrap();
    fs::write(data.path().join(format!("{FILE_NAME}-wal")), "w").unwrap();
    fs::write(data.path().join(format!("{FILE_NAME}.log-0")), "l").unwrap();
    let restored = restore(&backup, data.path(), Some("before"), Accept::Backups).unwrap();
    assert!(restored.doubt.is_some());
    assert_eq!(rows(&data.path().join(FILE_NAME)), [("a".into(), b"1".to_vec())]);
    let moved = names(&data.path().join("before"));
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}.log-0")] {
        assert!(moved.contains(&name), "{moved:?}");
    }
    assert_eq!(names(data.path()), ["before", "lock", FILE_NAME]);
}

#[tokio::test]
async fn ops_5_what_is_no_backup_is_not_restored() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(store_with(data.path(), "a").await);
    let good = other.path().join("good");
    copy(data.path(), &good).unwrap();
    let check = |name: &str, make: &dyn Fn(&Path), says: &str| {
        let file = other.path().join(name);
        make(&file);
        let folder = other.path().join(format!("{name}-data"));
        let error = format!("{:#}", restore(&file, &folder, Some("before"), Accept::Stores).unwrap_err());
        assert!(error.contains(says), "{name}: {error}");
        assert!(!folder.join(FILE_NAME).exists(), "{name}");
    };
    check("missing", &|_| {}, "No such file");
    check("text", &|file| fs::write(file, "a backup").unwrap(), "not a database");
    check("empty", &|file| fs::write(file, "").unwrap(), "no table");
    let half = |file: &Path| {
        let whole = fs::read(&good).unwrap();
        fs::write(file, &whole[..whole.len() / 2]).unwrap();
    };
    check("half", &half, "no backup of a store");
    let other_table = |file: &Path| {
        Connection::open(file).unwrap().execute("CREATE TABLE t (a)", []).unwrap();
    };
    check("other", &other_table, "no table");
    let other_columns = |file: &Path| {
        let create = "CREATE TABLE spin_key_value (key TEXT, value BLOB)";
        Connection::open(file).unwrap().execute(create, []).unwrap();
    };
    check("columns", &other_columns, "no table");
    let with_log = |file: &Path| {
        fs::copy(&good, file).unwrap();
        fs::write(file.with_extension("log-1"), "x").unwrap();
    };
    check("with-log", &with_log, "belongs to it");
    let flipped = |file: &Path| {
        let mut bytes = fs::read(&good).unwrap();
        let end = bytes.len() - 1;
        // The root page of the table: the number of its cells.
        bytes[4096 + 3] ^= 0xff;
        bytes[end] ^= 1;
        fs::write(file, bytes).unwrap();
    };
    check("flipped", &flipped, "no backup of a store");
}

/// The file alone, as `cp` takes it: what was written last lies in the log beside the original.
#[tokio::test]
async fn ops_5_the_file_of_a_store_without_its_log_is_no_backup() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (backup, copied) = (other.path().join("backup"), other.path().join("copied"));
    // Under a store that itself came from a backup, by either way: the mark doesn't stay.
    drop(store_with(data.path(), "a").await);
    copy(data.path(), &backup).unwrap();
    assert!(examine(&backup).unwrap().is_backup);
    let by_hand = tempfile::tempdir().unwrap();
    fs::copy(&backup, by_hand.path().join(FILE_NAME)).unwrap();
    let restored = restore(&backup, data.path(), Some("before"), Accept::Backups).unwrap();
    assert!(!restored.contents.is_backup);
    for data in [data.path(), by_hand.path()] {
        let store = store_with(data, "b").await;
        fs::copy(data.join(FILE_NAME), &copied).unwrap();
        let refuse = |folder: &str, accept| restore(&copied, &other.path().join(folder), None, accept);
        let said = refuse("refused", Accept::Backups).unwrap_err().to_string();
        assert!(said.contains("isn't marked as a backup") && said.contains("--unmarked"), "{said}");
        assert!(!other.path().join("refused").exists());
        drop(store);
    }
    // Stopped, the file alone is the store; only its operator knows.
    fs::copy(data.path().join(FILE_NAME), &copied).unwrap();
    let elsewhere = other.path().join("elsewhere");
    assert!(restore(&copied, &elsewhere, None, Accept::Backups).is_err());
    assert_eq!(restore(&copied, &elsewhere, None, Accept::Stores).unwrap().contents.keys, 2);
    assert_eq!(rows(&elsewhere.join(FILE_NAME)).len(), 2);
}
