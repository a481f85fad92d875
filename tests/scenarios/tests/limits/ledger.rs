//! What the callers of a storm know of a counter, all together.
//!
//! Nobody outside sees a counter itself, but its value is bounded from both sides by what was asked for and answered:
//!
//! ```text
//! known = what was answered as granted, and is not being given back   <=   held + settled   <=   possible
//! possible = what was asked for, and is not answered as denied or given back
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// One counter with its cap.
pub struct Ledger {
    name: &'static str,
    cap: i64,
    state: Mutex<State>,
    denied: AtomicU64,
    falsely: AtomicU64,
}

#[derive(Default)]
struct State {
    known: i64,
    possible: i64,
    /// All that was ever added to `possible`.
    added: i64,
    /// What was used beyond what was reserved: the one thing that may pass the cap.
    overrun: i64,
    /// The most that `known` has been.
    most: i64,
}

/// A ledger at the moment of a question.
#[derive(Clone, Copy)]
pub struct Asked {
    amount: i64,
    possible: i64,
    added: i64,
}

impl Ledger {
    pub fn new(name: &'static str, cap: i64) -> Self {
        let (denied, falsely) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { name, cap, state: Mutex::default(), denied, falsely }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a thread of the storm failed")
    }

    /// Before a request for `amount`.
    pub fn ask(&self, amount: i64) -> Asked {
        let mut state = self.state();
        state.possible += amount;
        state.added += amount;
        Asked { amount, possible: state.possible, added: state.added }
    }

    /// The request was granted: this must never be beyond the cap.
    pub fn granted(&self, asked: Asked) {
        let mut state = self.state();
        state.known += asked.amount;
        state.most = state.most.max(state.known);
        let allowed = self.cap + state.overrun;
        assert!(state.known <= allowed, "{}: {} granted and used, {allowed} allowed", self.name, state.known);
    }

    /// The request was denied by this counter. That is right only if all that may have stood in it while the request was
    /// under way, the request itself included, is more than the cap.
    pub fn denied(&self, asked: Asked) {
        let state = self.state();
        let most = asked.possible + (state.added - asked.added);
        assert!(
            most > self.cap,
            "{}: {} was denied, with {most} of {} taken at most",
            self.name,
            asked.amount,
            self.cap
        );
        self.denied.fetch_add(1, Ordering::Relaxed);
        if state.known + asked.amount <= self.cap {
            self.falsely.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The request was denied, here or elsewhere, and everything undone.
    pub fn undone(&self, asked: Asked) {
        self.state().possible -= asked.amount;
    }

    /// Before `amount` is given back.
    pub fn giving_back(&self, amount: i64) {
        self.state().known -= amount;
    }

    /// It was given back.
    pub fn given_back(&self, amount: i64) {
        self.state().possible -= amount;
    }

    /// Before `amount` more than was reserved is settled.
    pub fn overrunning(&self, amount: i64) {
        let mut state = self.state();
        state.possible += amount;
        state.added += amount;
        state.overrun += amount;
    }

    /// It was settled.
    pub fn overrun(&self, amount: i64) {
        self.state().known += amount;
    }

    /// The most that may be settled and held.
    pub fn allowed(&self) -> i64 {
        self.cap + self.state().overrun
    }

    /// What is settled once nothing is held any more.
    pub fn known(&self) -> i64 {
        self.state().known
    }

    /// What is left under the cap once nothing is held any more.
    pub fn left(&self) -> i64 {
        (self.cap - self.known()).max(0)
    }

    pub fn summary(&self) -> String {
        let state = self.state();
        let [denied, falsely] = [&self.denied, &self.falsely].map(|count| count.load(Ordering::Relaxed));
        let Self { name, cap, .. } = self;
        format!(
            "{name}: cap {cap}, at most {}, overrun {}, {denied} denied ({falsely} falsely)",
            state.most, state.overrun
        )
    }

    pub fn denials(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }
}
