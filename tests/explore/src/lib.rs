//! Tries every interleaving of a few callers on one store, with every crash and, within a budget, every lost reply.
//!
//! The cores are straight-line functions over [`Store`], so all that can happen between them is the order of their
//! store operations, that one of them stops for ever between two of them, and that the store fails: having applied the
//! operation or not. [`Explore`] goes through all of it, one store operation at a time, and asks an invariant in every
//! state that can come up.
//!
//! A crash needs no step of its own: a caller that crashes is one that is not scheduled any more, and the invariant is
//! asked in every state. What crashes matter for is what comes *after*: so a phase of callers may end in any state, with
//! all that are still at work crashed, and the next phase (the reaper, say) begins from there.

mod behaviour;
mod intern;
mod operation;
mod replay;
mod schedule;
mod search;
mod state;
mod view;

use std::fmt::Debug;

use kv_schemas::{Store, memory::Memory};

pub use search::Report;
pub use view::{End, Status, View};

/// What an invariant says: nothing, or what is wrong.
pub type Verdict = Result<(), String>;

type Code<'a, O> = dyn Fn(&dyn Store) -> O + 'a;
type Always<'a, O> = dyn Fn(&View<'_, O>) -> Verdict + 'a;
type Finally<'a, O> = dyn Fn(&End<'_, O>) -> Verdict + 'a;

/// One caller.
struct Actor<'a, O> {
    name: String,
    phase: u8,
    run: Box<Code<'a, O>>,
}

/// An exploration: who runs on which store, what may go wrong, and what must hold.
pub struct Explore<'a, O> {
    store: &'a Memory,
    actors: Vec<Actor<'a, O>>,
    phase: u8,
    errors: u8,
    crashes: Option<u8>,
    constants: Vec<String>,
    line: Option<String>,
    blank: Option<replay::Blank<'a>>,
    merging: bool,
    one_end_in: u128,
    always: Box<Always<'a, O>>,
    finally: Box<Finally<'a, O>>,
}

impl<'a, O: Clone + Eq + Debug> Explore<'a, O> {
    /// Begins with what is in `store`; the store itself stays as it is. Any number of crashes, no store errors.
    #[must_use]
    pub fn new(store: &'a Memory) -> Self {
        Self {
            store,
            actors: Vec::new(),
            phase: 0,
            errors: 0,
            crashes: None,
            constants: Vec::new(),
            line: None,
            blank: None,
            merging: true,
            one_end_in: 1,
            always: Box::new(|_| Ok(())),
            finally: Box::new(|_| Ok(())),
        }
    }

    /// One more caller in this phase. It must be deterministic, and do nothing but store operations.
    #[must_use]
    pub fn actor(mut self, name: impl Into<String>, run: impl Fn(&dyn Store) -> O + 'a) -> Self {
        self.actors.push(Actor { name: name.into(), phase: self.phase, run: Box::new(run) });
        self
    }

    /// Those who follow begin when all before have ended or crashed.
    #[must_use]
    pub fn then(mut self) -> Self {
        self.phase += 1;
        self
    }

    /// How many operations may be answered with an error, in a whole run.
    #[must_use]
    pub fn errors(mut self, most: u8) -> Self {
        self.errors = most;
        self
    }

    /// How many callers may crash, in a whole run, instead of any number.
    #[must_use]
    pub fn crashes(mut self, most: u8) -> Self {
        self.crashes = Some(most);
        self
    }

    /// Keys that nobody writes; to be more exact, whose writing fails the exploration. Reading them is no step that
    /// others could come between.
    #[must_use]
    pub fn constants(mut self, prefixes: &[&str]) -> Self {
        self.constants.extend(prefixes.iter().map(|prefix| (*prefix).to_owned()));
        self
    }

    /// Callers increment this key in the order they were named in: whoever is overtaken there has crashed. For callers
    /// that are alike but for their names this loses nothing, and saves all the orders that are the same but for names.
    #[must_use]
    pub fn in_line(mut self, key: &str) -> Self {
        self.line = Some(key.into());
        self
    }

    /// Rewrites values as they are written, to leave out what makes states differ that are the same to everybody (what
    /// a record remembers only to be shown).
    #[must_use]
    pub fn blanking(mut self, blank: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + 'a) -> Self {
        self.blank = Some(Box::new(blank));
        self
    }

    /// Tells all histories apart, also those that come to the same; see `behaviour.rs`.
    #[must_use]
    pub fn without_merging(mut self) -> Self {
        self.merging = false;
        self
    }

    /// What must hold in every state.
    #[must_use]
    pub fn always(mut self, invariant: impl Fn(&View<'_, O>) -> Verdict + 'a) -> Self {
        self.always = Box::new(invariant);
        self
    }

    /// What must hold when everybody has ended or crashed; it may go on by itself on a copy of the store.
    #[must_use]
    pub fn finally(mut self, check: impl Fn(&End<'_, O>) -> Verdict + 'a) -> Self {
        self.finally = Box::new(check);
        self
    }

    /// Checks only one in so many ends, where there are too many to go on from each: as good as drawn by lot, and the
    /// same ones each time.
    #[must_use]
    pub fn one_end_in(mut self, many: u32) -> Self {
        self.one_end_in = many.max(1).into();
        self
    }

    /// Goes through everything and says how much that was.
    ///
    /// # Panics
    /// An invariant doesn't hold: with the shortest schedule that was found.
    pub fn run(self, name: &str) -> Report {
        let report = self.try_run().unwrap_or_else(|failure| panic!("{name}: {failure}"));
        println!("explore: {name}: {report}");
        report
    }

    /// Goes through everything; the error is what doesn't hold, with the schedule that leads there.
    pub fn try_run(self) -> Result<Report, String> {
        search::explore(&self)
    }
}
