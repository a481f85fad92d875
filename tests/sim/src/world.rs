//! The store, the clocks, and somebody who watches every operation.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};

use crate::{ghost::Ghost, task::Fate};

/// Operations shown when something is wrong.
const EVENTS: usize = 400;
/// Longer values are cut.
const LONGEST: usize = 160;

pub const NODES: usize = 2;

/// Everything that calls share. Operations on it are atomic and always succeed: faults happen on the way here.
pub struct World {
    pub memory: Memory,
    pub ghost: RefCell<Ghost>,
    /// Microseconds since the beginning: the time that passes, whatever the clocks say.
    elapsed: Cell<u64>,
    begin: Millis,
    /// How far the clock of each node is off, in milliseconds.
    pub skew: [Cell<i64>; NODES],
    events: RefCell<VecDeque<String>>,
    /// The first thing that was wrong.
    pub wrong: RefCell<Option<String>>,
    pub operations: Cell<u64>,
}

impl World {
    pub fn new(begin: Millis) -> Self {
        Self {
            memory: Memory::default(),
            ghost: RefCell::default(),
            elapsed: Cell::new(0),
            begin,
            skew: Default::default(),
            events: RefCell::default(),
            wrong: RefCell::new(None),
            operations: Cell::new(0),
        }
    }

    /// Milliseconds since the beginning.
    pub fn elapsed(&self) -> u64 {
        self.elapsed.get() / 1_000
    }

    pub fn pass(&self, to_micros: u64) {
        self.elapsed.set(self.elapsed.get().max(to_micros));
    }

    pub fn micros(&self) -> u64 {
        self.elapsed.get()
    }

    /// What a node's clock shows.
    pub fn clock(&self, node: usize) -> Millis {
        let true_time = self.begin.plus(self.elapsed()).0;
        Millis(true_time.saturating_add_signed(self.skew[node].get()))
    }

    pub fn note(&self, who: &str, fate: Fate, what: &dyn Fn() -> String) {
        self.operations.set(self.operations.get() + 1);
        let mut text = what();
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
        }
        let fate = match fate {
            Fate::Done => "",
            Fate::Lost => "  (applied, reply lost)",
            Fate::Refused => "  (not applied, error)",
        };
        self.remark(format!("{who}: {text}{fate}"));
    }

    pub fn remark(&self, text: String) {
        let mut events = self.events.borrow_mut();
        if events.len() == EVENTS {
            events.pop_front();
        }
        events.push_back(format!("{:>12.3} s  {text}", self.micros() as f64 / 1e6));
    }

    pub fn events(&self) -> Vec<String> {
        self.events.borrow().iter().cloned().collect()
    }

    /// Keeps the first complaint.
    pub fn complain(&self, verdict: Result<(), String>) {
        if let Err(what) = verdict {
            self.remark(format!("WRONG: {what}"));
            self.wrong.borrow_mut().get_or_insert(what);
        }
    }
}

impl Store for World {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.memory.set(key, value)?;
        if let Some(id) = key.strip_prefix("permit/") {
            self.complain(self.ghost.borrow_mut().permit_written(id, value, self.elapsed()));
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.memory.delete(key)?;
        self.complain(self.ghost.borrow_mut().deleted(key));
        Ok(())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.memory.exists(key)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let sum = self.memory.increment(key, delta)?;
        if delta != 0 {
            self.complain(self.ghost.borrow().counted(key, sum));
        }
        Ok(sum)
    }
}
