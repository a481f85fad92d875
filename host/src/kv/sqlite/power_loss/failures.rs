//! A sync that fails, and syncs that come when nobody writes.

use std::time::Duration;

use super::*;

/// The n-th sync fails. What was confirmed before stays, nothing is confirmed after, and nobody tries again.
#[test]
fn after_a_failed_sync_nothing_is_confirmed_and_nothing_touched() {
    for (durability, seed) in [Durability::Strict, Durability::Relaxed].into_iter().zip(0..).cycle().take(40) {
        let mut random = Random::new(seed);
        let mut history = History::default();
        let folder = folder();
        let recorder = Recorder::watch(folder.path(), Vec::new(), 0, 0);
        let (store, mut writer, mut folder_thread) =
            SqliteStore::prepare(folder.path(), options(durability, Journal::WriteAhead)).unwrap();
        let shared = store.shared.clone();
        folder_thread.connection.pragma_update(None, "wal_autocheckpoint", 10).unwrap();
        recorder.fail_sync_after(random.below(12));
        let mut now = Instant::now();
        let mut confirmed = 0;
        loop {
            work::write(&store, &mut random, &mut history);
            now += SYNC_WITHIN / 3;
            if !writer.step(now) {
                break;
            }
            confirmed = work::confirmed_by(&shared);
            assert_eq!(confirmed, history.len());
            if folder_thread.step(now) == Commit::Failed {
                break;
            }
        }
        let after = recorder.entries().len();
        assert_eq!(work::confirmed_by(&shared), confirmed, "{durability:?}");
        let refused = futures::executor::block_on(store.get(work::S, "count"));
        assert!(matches!(refused, Err(KvError::Failed(_))));
        drop(writer);
        folder_thread.finish();
        drop(store);
        let entries = recorder.entries();
        assert_eq!(entries.len(), after, "{durability:?}: touched again: {:?}", &entries[after..]);

        let mut disk = Disk::default();
        entries.iter().for_each(|entry| disk.apply(entry));
        let must = match durability {
            Durability::Strict => confirmed,
            Durability::Relaxed => 0,
        };
        for _ in 0..5 {
            let left = examine(&disk.after_power_loss(&mut random), &history).unwrap();
            assert!(left >= must, "{left} of {must}");
        }
    }
}

struct Watched {
    store: SqliteStore,
    recorder: Arc<Recorder>,
    _folder: tempfile::TempDir,
}

impl Watched {
    /// With its own thread, in real time.
    fn open(durability: Durability) -> Self {
        let folder = folder();
        let recorder = Recorder::watch(folder.path(), Vec::new(), 0, 0);
        let store = SqliteStore::open_with(folder.path(), options(durability, Journal::WriteAhead)).unwrap();
        Self { store, recorder, _folder: folder }
    }

    fn write(&self) {
        futures::executor::block_on(async {
            let (_, seq) = self.store.increment(work::S, "n", 1).await.unwrap();
            self.store.durable(seq).await.unwrap();
        });
    }

    fn syncs(&self) -> usize {
        self.recorder.entries().iter().filter(|entry| is_sync_of_the_log(entry)).count()
    }

    fn log_is_synced(&self) -> bool {
        let entries = self.recorder.entries();
        entries
            .iter()
            .rfind(|entry| is_of_the_log(entry) && !matches!(entry.change, Change::Delete))
            .is_some_and(is_sync_of_the_log)
    }
}

#[test]
fn strict_syncs_before_it_confirms() {
    let watched = Watched::open(Durability::Strict);
    for _ in 0..20 {
        watched.write();
        assert!(watched.log_is_synced());
    }
}

#[test]
fn relaxed_syncs_within_a_second_also_when_nobody_writes_and_only_once() {
    let watched = Watched::open(Durability::Relaxed);
    // The first frames of a log come after a sync of its head; look at later ones.
    watched.write();
    let before = watched.syncs();
    watched.write();
    let written = Instant::now();
    while watched.syncs() == before {
        // Not what is promised, which a busy machine may miss, but that it comes at all.
        assert!(written.elapsed() < Duration::from_secs(30), "no sync comes");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(watched.log_is_synced());
    let once = watched.syncs();
    std::thread::sleep(SYNC_WITHIN * 3);
    assert_eq!(watched.syncs(), once, "nothing was written since");
}

#[test]
fn relaxed_syncs_what_is_left_when_it_is_closed() {
    let watched = Watched::open(Durability::Relaxed);
    watched.write();
    watched.write();
    // A reader keeps the closing from folding the log into the file, which would sync it as well.
    let _ = futures::executor::block_on(watched.store.list_keys(work::S, None, 1)).unwrap();
    assert!(!watched.log_is_synced());
    watched.store.close();
    assert!(watched.log_is_synced());
}
