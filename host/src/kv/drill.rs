//! A store that can be made to look out of reach, for drills: while there is a file `store-down` in a folder, every operation
//! fails at once as it does when a networked store is down, and nothing of it is done.
//!
//! Put around a store by `--drills` alone: without that there is no such layer, and no operation pays for it. With it an
//! operation reads one flag, which a thread sets by looking for the file.
//!
//! What was acknowledged before stays acknowledged and becomes durable as ever, so an answer that rests on it is shown: a
//! drill loses nothing. The gate's own maintenance fails like every other request, and catches up afterwards.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::future;

use super::{KeyValue, KvError, KvFuture, Seq};
use crate::metrics::histogram::Histogram;
use crate::threads;

/// The file's name.
pub const FILE_NAME: &str = "store-down";
/// How often somebody looks for it: one look at one name.
const LOOK: Duration = Duration::from_millis(100);

/// See the module's description.
pub struct Drilled {
    store: Arc<dyn KeyValue>,
    down: Arc<AtomicBool>,
    reason: Arc<str>,
    /// Nothing is sent: gone, it ends the thread.
    looking: Mutex<Option<mpsc::Sender<()>>>,
}

/// Whether drills can be held there.
///
/// # Errors
/// It is no folder, or can't be looked into.
pub fn check(folder: &Path) -> Result<()> {
    let found = folder.metadata().with_context(|| format!("--drills {}: no such folder; make it", folder.display()))?;
    ensure!(found.is_dir(), "--drills {}: that is no folder", folder.display());
    let file = folder.join(FILE_NAME);
    file.try_exists().map(drop).with_context(|| format!("--drills: looking for {}", file.display()))
}

impl Drilled {
    /// Looks for the file from now on, and has looked once when it returns.
    ///
    /// # Errors
    /// As [`check`]; or the system has no thread for it.
    pub fn new(store: Arc<dyn KeyValue>, folder: &Path) -> Result<Self> {
        check(folder)?;
        let file = folder.join(FILE_NAME);
        tracing::warn!(file = %file.display(), "drills are on: while this file exists, the store counts as out of reach");
        let down = Arc::new(AtomicBool::new(false));
        look(&file, &down);
        let reason = format!("a drill is held: {} exists", file.display()).into();
        let (stays, left) = mpsc::channel::<()>();
        let flag = down.clone();
        threads::spawn_giving_way("drills", move || keep_looking(&file, &flag, &left))?;
        Ok(Self { store, down, reason, looking: Mutex::new(Some(stays)) })
    }

    /// Only a store that is up is asked. Nothing is ordered by the flag, so the cheapest way to read it does.
    fn unless_down<'a, T: Send + 'a>(
        &'a self,
        ask: impl FnOnce(&'a dyn KeyValue) -> KvFuture<'a, T>,
    ) -> KvFuture<'a, T> {
        if self.down.load(Ordering::Relaxed) {
            return Box::pin(future::err(KvError::Unreachable(self.reason.clone())));
        }
        ask(&*self.store)
    }
}

fn keep_looking(file: &Path, down: &AtomicBool, left: &mpsc::Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = left.recv_timeout(LOOK) {
        look(file, down);
    }
}

/// A file that can't be looked for is none: a drill must be easier to end than to begin.
fn look(file: &Path, down: &AtomicBool) {
    let is_there = file.try_exists().unwrap_or(false);
    if down.swap(is_there, Ordering::Relaxed) == is_there {
        return;
    }
    let file = file.display();
    if is_there {
        tracing::warn!(%file, "a drill begins: the store counts as out of reach until this file is removed");
    } else {
        tracing::warn!(%file, "the drill is over: the store is back");
    }
}

impl KeyValue for Drilled {
    fn get<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
        self.unless_down(|kv| kv.get(store, key))
    }

    fn set<'a>(&'a self, store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq> {
        self.unless_down(|kv| kv.set(store, key, value))
    }

    fn delete<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, Seq> {
        self.unless_down(|kv| kv.delete(store, key))
    }

    fn exists<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)> {
        self.unless_down(|kv| kv.exists(store, key))
    }

    fn increment<'a>(&'a self, store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)> {
        self.unless_down(|kv| kv.increment(store, key, delta))
    }

    fn list_keys<'a>(
        &'a self,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> KvFuture<'a, (Vec<String>, Seq)> {
        self.unless_down(|kv| kv.list_keys(store, after, limit))
    }

    fn is_durable(&self, seq: Seq) -> bool {
        self.store.is_durable(seq)
    }

    fn durable(&self, seq: Seq) -> KvFuture<'_, ()> {
        self.store.durable(seq)
    }

    fn close(&self) {
        drop(self.looking.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.store.close();
    }

    fn commits(&self) -> Option<&Histogram> {
        self.store.commits()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures::executor::block_on;
    use tempfile::TempDir;

    use super::*;
    use crate::kv::conformance;
    use crate::kv::memory::MemoryStore;

    const STORE: &str = "default";

    fn drilled(folder: &Path) -> Drilled {
        Drilled::new(Arc::new(MemoryStore::default()), folder).unwrap()
    }

    /// Whether every operation finds the store, or none does.
    fn is_up(kv: &dyn KeyValue) -> bool {
        let outcomes = [
            block_on(kv.get(STORE, "k")).map(drop),
            block_on(kv.set(STORE, "other", Bytes::new())).map(drop),
            block_on(kv.delete(STORE, "other")).map(drop),
            block_on(kv.exists(STORE, "k")).map(drop),
            block_on(kv.increment(STORE, "n", 1)).map(drop),
            block_on(kv.list_keys(STORE, None, 10)).map(drop),
        ];
        let up = outcomes.iter().all(Result::is_ok);
        let down = outcomes.iter().all(|outcome| matches!(outcome, Err(KvError::Unreachable(_))));
        assert!(up || down, "{outcomes:?}");
        up
    }

    /// The change may come between two operations, hence the wait for the first that shows it.
    #[track_caller]
    fn becomes(kv: &dyn KeyValue, up: bool) {
        let since = Instant::now();
        while block_on(kv.exists(STORE, "k")).is_ok() != up {
            assert!(since.elapsed() < Duration::from_secs(10), "it never became {up}");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(is_up(kv), up);
    }

    #[test]
    fn conforms_while_there_is_no_drill() {
        let folder = TempDir::new().unwrap();
        conformance::run(|| Arc::new(drilled(folder.path())));
    }

    #[test]
    fn ops_4_a_drill_takes_every_operation_away_and_gives_them_back() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join(FILE_NAME);
        let kv = drilled(folder.path());
        block_on(kv.set(STORE, "k", Bytes::from("kept"))).unwrap();
        assert!(is_up(&kv));
        for _ in 0..2 {
            std::fs::write(&file, "").unwrap();
            becomes(&kv, false);
            assert!(kv.is_durable(Seq(1)) && block_on(kv.durable(Seq(1))).is_ok(), "what was acknowledged stays so");
            std::fs::remove_file(&file).unwrap();
            becomes(&kv, true);
        }
        assert_eq!(block_on(kv.get(STORE, "k")).unwrap().0.as_deref(), Some(&b"kept"[..]));
        assert_eq!(block_on(kv.increment(STORE, "n", 0)).unwrap().0, 3, "the two of the drills were not counted");
    }

    #[test]
    fn ops_4_a_drill_may_have_begun_before_the_gate() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "").unwrap();
        assert!(!is_up(&drilled(folder.path())));
    }

    #[test]
    fn ops_4_drills_need_a_folder() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for wrong in [folder.path().join("missing"), file] {
            let error = Drilled::new(Arc::new(MemoryStore::default()), &wrong).err().expect("no drills there");
            let told = format!("{error:#}");
            assert!(told.contains("--drills") && told.contains(&wrong.display().to_string()), "{told}");
        }
    }

    #[test]
    fn ops_5_nobody_looks_after_the_close() {
        let folder = TempDir::new().unwrap();
        let kv = drilled(folder.path());
        kv.close();
        std::thread::sleep(LOOK);
        std::fs::write(folder.path().join(FILE_NAME), "").unwrap();
        std::thread::sleep(LOOK * 3);
        assert!(is_up(&kv));
    }
}
