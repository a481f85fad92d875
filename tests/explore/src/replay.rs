//! Runs an actor up to the first operation whose answer isn't known yet.
//!
//! An actor is a straight-line function over a store, and deterministic: what it does next follows from the answers it
//! has had. So it is run against recorded answers, and stopped by unwinding at the first operation beyond them.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use kv_schemas::{Store, StoreError};

use crate::{
    intern::Interner,
    operation::{Operation, Reply},
};

/// Rewrites a value on its way into the store; see [`crate::Explore::blanking`].
pub(crate) type Blank<'a> = Box<dyn Fn(&str, &[u8]) -> Option<Vec<u8>> + 'a>;

/// What an actor does after some answers.
pub(crate) enum Next<O> {
    Operation(Operation),
    End(O),
    /// These are answers to other questions than it asked.
    Astray,
}

/// Unwinds an actor that has come as far as its answers reach. Not a panic: no hook runs, nothing is printed.
struct Suspended;

/// Unwinds an actor that was given an answer to another question.
struct Strayed;

pub(crate) fn run<O>(
    actor: &dyn Fn(&dyn Store) -> O,
    answers: &[Reply],
    names: &RefCell<Interner>,
    blank: Option<&Blank<'_>>,
) -> Next<O> {
    let store = Replay { names, blank, answers, at: Cell::new(0), pending: Cell::new(None) };
    match catch_unwind(AssertUnwindSafe(|| actor(&store))) {
        Ok(outcome) if store.at.get() == answers.len() => Next::End(outcome),
        Ok(_) => Next::Astray,
        Err(payload) if payload.is::<Strayed>() => Next::Astray,
        Err(payload) if payload.is::<Suspended>() => {
            Next::Operation(store.pending.get().expect("it was suspended at an operation"))
        }
        Err(payload) => resume_unwind(payload),
    }
}

struct Replay<'a> {
    names: &'a RefCell<Interner>,
    blank: Option<&'a Blank<'a>>,
    answers: &'a [Reply],
    at: Cell<usize>,
    pending: Cell<Option<Operation>>,
}

impl Replay<'_> {
    fn answer(&self, operation: impl FnOnce(&mut Interner) -> Operation) -> Reply {
        let at = self.at.replace(self.at.get() + 1);
        match self.answers.get(at) {
            Some(reply) => *reply,
            None => {
                self.pending.set(Some(operation(&mut self.names.borrow_mut())));
                resume_unwind(Box::new(Suspended))
            }
        }
    }
}

fn failed() -> StoreError {
    StoreError::Unavailable("injected".into())
}

fn stray() -> ! {
    resume_unwind(Box::new(Strayed))
}

impl Store for Replay<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.answer(|names| Operation::Get(names.key(key))) {
            Reply::Value(value) => Ok(value.map(|id| self.names.borrow().bytes(id).to_vec())),
            Reply::Failed => Err(failed()),
            _ => stray(),
        }
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let operation = |names: &mut Interner| {
            let blanked = self.blank.and_then(|blank| blank(key, value));
            Operation::Set(names.key(key), names.value(blanked.as_deref().unwrap_or(value)))
        };
        match self.answer(operation) {
            Reply::Done => Ok(()),
            Reply::Failed => Err(failed()),
            _ => stray(),
        }
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.answer(|names| Operation::Delete(names.key(key))) {
            Reply::Done => Ok(()),
            Reply::Failed => Err(failed()),
            _ => stray(),
        }
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        match self.answer(|names| Operation::Exists(names.key(key))) {
            Reply::Flag(flag) => Ok(flag),
            Reply::Failed => Err(failed()),
            _ => stray(),
        }
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        match self.answer(|names| Operation::Increment(names.key(key), delta)) {
            Reply::Sum(sum) => Ok(sum),
            Reply::Failed => Err(failed()),
            _ => stray(),
        }
    }
}
