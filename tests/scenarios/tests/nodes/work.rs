//! Traffic on one node, and what it was told: kept to be held against the books afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::tenant::{chat, merge, permit_path, seconds};
use scenarios::{Answer, Books, Caller, Value, eventually, json, nanos, unique};

/// Permits that nobody resolves are the reaper's after so long.
pub const HOLD_S: u64 = 3;
/// What every check asks for, in seconds of video.
pub const UNITS: u64 = 9;
/// Between two things a thread asks for.
const PAUSE: Duration = Duration::from_millis(20);

/// What one thread was told.
#[derive(Default)]
pub struct Told {
    /// Acknowledged permits.
    pub permits: BTreeSet<String>,
    /// Permits whose settlement was asked for.
    pub asked: BTreeSet<String>,
    /// Permit and cost of each acknowledged settlement.
    pub settled: BTreeMap<String, i64>,
    /// Texts of whole chat answers.
    pub chats: BTreeSet<String>,
    /// Texts of chats that were refused because the store was away.
    pub offline_chats: BTreeSet<String>,
    /// Refusals because the store was away, of any kind.
    pub offline: usize,
}

/// Only one storm at a time: on a small machine two of them would be each other's noise.
pub fn alone() -> MutexGuard<'static, ()> {
    static STORM: Mutex<()> = Mutex::new(());
    STORM.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn check() -> Value {
    let mut body = seconds(UNITS);
    merge(&mut body, json!({"hold_s": HOLD_S}));
    body
}

/// Sets a flag when it goes, in a panic too, so that nobody works on for ever.
pub struct AtEnd<'a>(pub &'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Threads at work: how far each has come, and whether they are to stop.
pub struct Traffic {
    pub stop: AtomicBool,
    done: Vec<AtomicUsize>,
}

impl Traffic {
    pub fn of(threads: usize) -> Self {
        Self { stop: AtomicBool::new(false), done: (0..threads).map(|_| AtomicUsize::new(0)).collect() }
    }

    /// Waits until each of these threads has done so much more, however slow the machine.
    #[track_caller]
    pub fn wait_for(&self, more: usize, threads: impl Fn(usize) -> bool) {
        let before: Vec<usize> = self.done.iter().map(|done| done.load(Ordering::Relaxed)).collect();
        eventually("everybody to work", Duration::from_secs(30), || {
            let waits =
                |(n, done): (usize, &AtomicUsize)| threads(n) && done.load(Ordering::Relaxed) < before[n] + more;
            (!self.done.iter().enumerate().any(waits)).then_some(())
        });
    }

    /// Works as thread `number` until it is told to stop or its node is gone. Nothing but success and `offline` is right.
    pub fn work(&self, number: usize, server: &Caller, with_chats: bool) -> Told {
        let mut told = Told::default();
        for turn in 0u64.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let going_on = match turn % 3 {
                2 if with_chats => told.chat(server),
                _ => told.check(server, turn),
            };
            if going_on.is_none() {
                break;
            }
            self.done[number].store(told.settled.len() + told.chats.len(), Ordering::Relaxed);
            // What is told is looked up afterwards, piece by piece.
            thread::sleep(PAUSE);
        }
        told
    }
}

impl Told {
    fn check(&mut self, server: &Caller, turn: u64) -> Option<()> {
        let answer = server.call("POST", "/v1/preflight").json(&check()).try_send().ok()?;
        let Some(permit) = self.ok(&answer) else { return Some(()) };
        let id = permit["limit_check_id"].as_str().expect("a permit").to_owned();
        self.permits.insert(id.clone());
        // Some are never resolved.
        if turn % 7 == 6 {
            return Some(());
        }
        self.asked.insert(id.clone());
        let path = format!("{}/settle", permit_path(&id));
        let used = json!({"units": 1 + turn % UNITS, "unit_type": "seconds"});
        let answer = server.call("POST", &path).json(&used).try_send().ok()?;
        if let Some(settled) = self.ok(&answer) {
            self.settled.insert(id, nanos(&settled["cost_amount"]));
        }
        Some(())
    }

    fn chat(&mut self, server: &Caller) -> Option<()> {
        let text = unique("chat-");
        let answer = server.call("POST", "/v1/chat/completions").json(&chat(&text)).try_send().ok()?;
        match self.ok(&answer) {
            Some(_) => self.chats.insert(text),
            None => self.offline_chats.insert(text),
        };
        Some(())
    }

    fn ok(&mut self, answer: &Answer) -> Option<Value> {
        if answer.status == 200 {
            return Some(answer.json());
        }
        answer.refused(503, "offline");
        self.offline += 1;
        None
    }

    pub fn join(all: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for told in all {
            sum.permits.extend(told.permits);
            sum.asked.extend(told.asked);
            sum.settled.extend(told.settled);
            sum.chats.extend(told.chats);
            sum.offline_chats.extend(told.offline_chats);
            sum.offline += told.offline;
        }
        sum
    }
}

/// Checks what was told against the log, once every permit is resolved or the time is over. Gives the entries, and how
/// many permits have none yet.
#[track_caller]
pub fn assert_in_the_books(told: &Told, books: &Books, within: Duration) -> (Vec<Value>, usize) {
    let began = Instant::now();
    let (entries, missing) = loop {
        let entries = books.entries();
        let ids: BTreeSet<&str> = entries.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect();
        let missing = told.permits.iter().filter(|id| !ids.contains(id.as_str())).count();
        if missing == 0 || began.elapsed() > within {
            break (entries, missing);
        }
        thread::sleep(Duration::from_millis(500));
    };
    let mut by_id = BTreeMap::new();
    for entry in &entries {
        let twice = by_id.insert(entry["limit_check_id"].as_str().unwrap(), entry);
        assert!(twice.is_none(), "an entry is there twice: {entry}");
    }
    for (permit, cost) in &told.settled {
        let entry = by_id.get(permit.as_str()).unwrap_or_else(|| panic!("{permit} was settled, and has no entry"));
        assert_eq!(nanos(&entry["cost_amount"]), *cost, "{permit}");
    }
    for entry in told.permits.iter().filter_map(|permit| by_id.get(permit.as_str())) {
        let permit = entry["limit_check_id"].as_str().unwrap();
        let in_full = entry["units_consumed"] == UNITS && entry["settlement"] == "full";
        assert!(told.asked.contains(permit) || in_full, "{entry}");
    }
    (entries, missing)
}

/// What a log adds up to, in nano-USD.
pub fn sum(entries: &[Value]) -> i64 {
    entries.iter().map(|entry| entry["cost_nanos"].as_i64().expect("nanos")).sum()
}
