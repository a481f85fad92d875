//! A call under way: straight-line code on a stack of its own, stopped before each store operation.
//!
//! The scheduler decides when the operation happens and how it goes; a crash is a call that is never resumed.

use std::{cell::Cell, rc::Rc};

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack};
use kv_schemas::{Store, StoreError};

use crate::{rng::Rng, world::World};

/// How an operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// Applied, answered with an error.
    Lost,
    /// Not applied, answered with an error.
    Refused,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Operation,
    /// Milliseconds.
    Sleep(u64),
}

/// A call that was begun.
pub struct Task {
    pub node: usize,
    name: Rc<str>,
    code: Coroutine<Fate, Wait, (), DefaultStack>,
}

/// The stacks of calls that are over.
#[derive(Default)]
pub struct Stacks(Vec<DefaultStack>);

const STACK_BYTES: usize = 512 * 1024;

impl Task {
    pub fn new(
        stacks: &mut Stacks,
        world: &Rc<World>,
        node: usize,
        name: String,
        rng: Rng,
        call: impl FnOnce(&Seat) + 'static,
    ) -> Self {
        let stack = stacks.0.pop().unwrap_or_else(|| DefaultStack::new(STACK_BYTES).expect("memory for a stack"));
        let name: Rc<str> = name.into();
        let (world, seat_name) = (world.clone(), name.clone());
        let code = Coroutine::with_stack(stack, move |yielder: &Yielder<Fate, Wait>, _first: Fate| {
            call(&Seat { yielder, world, node, name: seat_name, rng: Cell::new(Some(rng)) });
        });
        Self { node, name, code }
    }

    /// Goes on until it waits for the next thing; `None` when it is over.
    pub fn resume(&mut self, fate: Fate) -> Option<Wait> {
        match self.code.resume(fate) {
            CoroutineResult::Yield(wait) => Some(wait),
            CoroutineResult::Return(()) => None,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends it where it stands, without another operation.
    pub fn end(mut self, stacks: &mut Stacks) {
        if self.code.started() && !self.code.done() {
            self.code.force_unwind();
        }
        if self.code.done() {
            stacks.0.push(self.code.into_stack());
        }
    }
}

/// What a call sees of the world.
pub struct Seat<'a> {
    yielder: &'a Yielder<Fate, Wait>,
    pub world: Rc<World>,
    pub node: usize,
    name: Rc<str>,
    rng: Cell<Option<Rng>>,
}

impl Seat<'_> {
    pub fn sleep(&self, millis: u64) {
        self.yielder.suspend(Wait::Sleep(millis));
    }

    /// The wall clock of the call's node.
    pub fn now(&self) -> calendar::Millis {
        self.world.clock(self.node)
    }

    pub fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        let mut rng = self.rng.take().expect("it is put back");
        let drawn = draw(&mut rng);
        self.rng.set(Some(rng));
        drawn
    }

    /// The store as one call of a component has it: it refuses everything when the call has become too old.
    pub fn store(&self) -> Handle<'_> {
        Handle { seat: self, opened: self.world.elapsed(), oldest: OLDEST_MS }
    }

    /// The store as the reaper has it: it may take its time.
    pub fn reaper_store(&self) -> Handle<'_> {
        Handle { oldest: 2 * OLDEST_MS, ..self.store() }
    }
}

/// How old a call may become; see `limits::PATIENCE_MS`.
const OLDEST_MS: u64 = limits::PATIENCE_MS / 3;

pub struct Handle<'a> {
    seat: &'a Seat<'a>,
    opened: u64,
    oldest: u64,
}

impl Handle<'_> {
    fn operation<T>(
        &self,
        what: &dyn Fn() -> String,
        act: impl FnOnce(&dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let fate = self.seat.yielder.suspend(Wait::Operation);
        let world = &self.seat.world;
        if world.elapsed().saturating_sub(self.opened) > self.oldest {
            return Err(StoreError::Unavailable("the call is too old".into()));
        }
        world.note(&self.seat.name, fate, what);
        if fate == Fate::Refused {
            return Err(StoreError::Unavailable("injected".into()));
        }
        let answer = act(&**world);
        if fate == Fate::Lost { Err(StoreError::Unavailable("injected".into())) } else { answer }
    }
}

impl Store for Handle<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.operation(&|| format!("get {key}"), |store| store.get(key))
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let shown = || format!("set {key} = {}", String::from_utf8_lossy(&value[..value.len().min(120)]));
        self.operation(&shown, |store| store.set(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.operation(&|| format!("delete {key}"), |store| store.delete(key))
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.operation(&|| format!("exists {key}"), |store| store.exists(key))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.operation(&|| format!("increment {key} by {delta}"), |store| store.increment(key, delta))
    }
}
