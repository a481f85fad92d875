//! What an invariant sees of a state: the store, and where each caller stands.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
};

use kv_schemas::{Store, StoreError, memory::Memory};
use serde::de::DeserializeOwned;

use crate::{
    intern::Interner,
    state::{Cell, Stand, State},
};

/// Where a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status<'a, O> {
    /// Its phase has not begun.
    Waiting,
    /// At work.
    Running,
    /// It came to this.
    Ended(&'a O),
    /// It does nothing any more.
    Crashed,
}

/// Values read before, by their number: few values come up, and each in many states.
#[derive(Default)]
pub(crate) struct Parsed(RefCell<HashMap<(TypeId, u32), Rc<dyn Any>>>);

/// One state. Reads as a [`Store`] too, so that typed families can be read; writing fails.
pub struct View<'a, O> {
    pub(crate) state: &'a State,
    pub(crate) names: &'a RefCell<Interner>,
    pub(crate) parsed: &'a Parsed,
    pub(crate) outcome: &'a dyn Fn(u32) -> &'a O,
}

impl<'a, O> View<'a, O> {
    /// The caller with this number, in the order they were named in.
    #[must_use]
    pub fn status(&self, actor: usize) -> Status<'a, O> {
        match self.state.stand(actor) {
            Stand::Waiting => Status::Waiting,
            Stand::Crashed => Status::Crashed,
            Stand::At(_) => Status::Running,
            Stand::Ended(number) => Status::Ended((self.outcome)(number)),
        }
    }

    /// The outcomes there are.
    pub fn outcomes(&self) -> impl Iterator<Item = &'a O> {
        self.state.stands().filter_map(|stand| match stand {
            Stand::Ended(number) => Some((self.outcome)(number)),
            _ => None,
        })
    }

    /// A counter; 0 where there is none.
    #[must_use]
    pub fn counter(&self, key: &str) -> i64 {
        match self.cell(key) {
            Cell::Counter(sum) => sum,
            _ => 0,
        }
    }

    /// A value that is JSON, read once.
    ///
    /// # Panics
    /// It can't be read as a `T`.
    #[must_use]
    pub fn json<T: DeserializeOwned + 'static>(&self, key: &str) -> Option<Rc<T>> {
        let Cell::Value(id) = self.cell(key) else { return None };
        let place = (TypeId::of::<T>(), id);
        if let Some(known) = self.parsed.0.borrow().get(&place) {
            return known.clone().downcast().ok();
        }
        let read: T = serde_json::from_slice(self.names.borrow().bytes(id)).unwrap_or_else(|e| panic!("{key}: {e}"));
        let read = Rc::new(read);
        self.parsed.0.borrow_mut().insert(place, read.clone());
        Some(read)
    }

    fn cell(&self, key: &str) -> Cell {
        self.names.borrow().known(key).map_or(Cell::Absent, |key| self.state.cell(key))
    }

    /// A store of its own with the same content.
    pub(crate) fn copy(&self) -> Memory {
        let names = self.names.borrow();
        let copy = Memory::default();
        for key in 0..names.keys() as u32 {
            let written = match self.state.cell(key) {
                Cell::Absent => Ok(()),
                Cell::Value(id) => copy.set(names.key_name(key), names.bytes(id)),
                Cell::Counter(sum) => copy.increment(names.key_name(key), sum).map(drop),
            };
            written.expect("a store in memory takes everything");
        }
        copy
    }
}

fn read_only() -> StoreError {
    StoreError::Unavailable("an invariant only reads".into())
}

impl<O> Store for View<'_, O> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(match self.cell(key) {
            Cell::Value(id) => Some(self.names.borrow().bytes(id).to_vec()),
            _ => None,
        })
    }

    fn set(&self, _: &str, _: &[u8]) -> Result<(), StoreError> {
        Err(read_only())
    }

    fn delete(&self, _: &str) -> Result<(), StoreError> {
        Err(read_only())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.cell(key) != Cell::Absent)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        if delta == 0 { Ok(self.counter(key)) } else { Err(read_only()) }
    }
}

/// The end of a run: a state in which nobody does anything any more, with a copy of the store to go on with.
pub struct End<'a, O> {
    /// The state itself; whoever had not ended has crashed.
    pub view: View<'a, O>,
    /// A copy of its store.
    pub store: Memory,
}
