//! The search itself: every state once.

use std::{
    cell::RefCell,
    collections::{HashSet, VecDeque},
    fmt,
    hash::{BuildHasherDefault, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use kv_schemas::{Store, StoreError};

use crate::{
    Explore, Verdict,
    behaviour::{Behaviours, Parted, Step},
    intern::Interner,
    operation::Reply,
    schedule,
    state::{Cell, Header, Stand, State},
    view::{End, Parsed, View},
};
use way::{How, Ways};

pub(crate) mod way;

pub(crate) use way::Move;

/// States looked at for a shorter schedule, once one is found.
const SHORTER: usize = 1_000_000;

/// How much was gone through.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// States, each different in store or in where a caller stands.
    pub states: usize,
    /// Ends: states in which nobody does anything any more, different in store or outcomes.
    pub ends: usize,
    /// Ends that were checked.
    pub checked: usize,
    /// Steps between states.
    pub steps: usize,
    nodes: usize,
    runs: u64,
    telling: usize,
    took: Duration,
}

impl Report {
    /// An exploration that has become empty by mistake proves nothing.
    ///
    /// # Panics
    /// There was less.
    pub fn at_least(self, states: usize, ends: usize) {
        assert!(self.states >= states && self.ends >= ends, "only {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states, {} steps, {} ends", self.states, self.steps, self.ends)?;
        if self.checked < self.ends {
            write!(f, " ({} checked)", self.checked)?;
        }
        write!(f, "; {} behaviours from {} runs, {} telling sums", self.nodes, self.runs, self.telling)?;
        write!(f, "; {} ms", self.took.as_millis())
    }
}

/// Goes through everything, again whenever histories that were taken for one turn out to differ.
pub(crate) fn explore<O: Clone + Eq + fmt::Debug>(plan: &Explore<'_, O>) -> Result<Report, String> {
    let started = Instant::now();
    let names = RefCell::new(Interner::default());
    let mut search = Search::new(plan, &names);
    loop {
        match search.through(usize::MAX, false) {
            Err(Parted) => search.begin(),
            Ok(Found::Nothing(report)) => return Ok(Report { took: started.elapsed(), ..report }),
            Ok(Found::Enough) => unreachable!("there was no bound"),
            Ok(Found::Failure(first)) => {
                // Depth first finds long schedules; the same breadth first finds the shortest, if it finds any.
                let shorter = search.through(SHORTER, true);
                let failure = if let Ok(Found::Failure(shorter)) = shorter { shorter } else { first };
                let schedule = schedule::show(plan, &mut search, &failure.moves);
                return Err(format!("{}\n{schedule}", failure.message));
            }
        }
    }
}

pub(crate) enum Found {
    Nothing(Report),
    Failure(Failure),
    /// As many states as were allowed, and nothing.
    Enough,
}

pub(crate) struct Failure {
    message: String,
    moves: Vec<Move>,
}

/// Hashes are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only 128-bit hashes are kept")
    }
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

type Seen = HashSet<u128, BuildHasherDefault<AsItIs>>;

pub(crate) struct Search<'e, 'a, O> {
    plan: &'e Explore<'a, O>,
    names: &'e RefCell<Interner>,
    behaviours: Behaviours<'e, O>,
    parsed: Parsed,
    initial: State,
    last_phase: u8,
    line: Option<u32>,
    /// By key number, as far as asked for.
    constant: Vec<bool>,
}

impl<'e, 'a, O: Clone + Eq + fmt::Debug> Search<'e, 'a, O> {
    fn new(plan: &'e Explore<'a, O>, names: &'e RefCell<Interner>) -> Self {
        let initial = initial(plan, names);
        let line = plan.line.as_deref().map(|key| names.borrow_mut().key(key));
        let behaviours = Behaviours::new(&plan.actors, names, plan.blank.as_ref(), plan.merging, line);
        let last_phase = plan.actors.iter().map(|actor| actor.phase).max().unwrap_or(0);
        let mut new = Self {
            plan,
            names,
            behaviours,
            parsed: Parsed::default(),
            initial,
            last_phase,
            line,
            constant: Vec::new(),
        };
        new.initial = new.with_phase(new.initial.clone(), 0);
        new
    }

    fn begin(&mut self) {
        self.behaviours.begin();
        self.initial = self.with_phase(self.initial.clone(), 0);
    }

    pub fn initial(&self) -> &State {
        &self.initial
    }

    pub fn names(&self) -> &RefCell<Interner> {
        self.names
    }

    pub fn step(&self, node: u32) -> Step {
        self.behaviours.step(node)
    }

    pub fn outcome(&self, number: u32) -> &O {
        self.behaviours.outcome(number)
    }

    /// One way through, up to `most` states.
    fn through(&mut self, most: usize, breadth_first: bool) -> Result<Found, Parted> {
        let mut seen = Seen::default();
        let mut ends = Seen::default();
        let mut ways = Ways::default();
        let mut frontier = VecDeque::from([(self.initial.clone(), ways.begin())]);
        let (mut steps, mut checked) = (0, 0);
        seen.insert(self.initial.hash());
        let mut next = Vec::new();
        while let Some((state, way)) = if breadth_first { frontier.pop_front() } else { frontier.pop_back() } {
            if let Err(message) = self.ask(&state, false) {
                return Ok(Found::Failure(Failure { message, moves: ways.to(way) }));
            }
            if seen.len() > most {
                return Ok(Found::Enough);
            }
            if state.header().phase == self.last_phase
                && let Some(end) = self.stopped(&state)
                && ends.insert(end.hash())
                && (end.hash() >> 64) % self.plan.one_end_in == 0
            {
                checked += 1;
                if let Err(message) = self.ask(&end, true) {
                    return Ok(Found::Failure(Failure { message, moves: ways.to(way) }));
                }
            }
            if let Err(message) = self.moves(&state, &mut next)? {
                return Ok(Found::Failure(Failure { message, moves: ways.to(way) }));
            }
            steps += next.len();
            for (step, state) in next.drain(..) {
                if seen.insert(state.hash()) {
                    frontier.push_back((state, ways.add(way, step)));
                }
            }
        }
        let (nodes, runs, telling) = self.behaviours.size();
        let (states, ends) = (seen.len(), ends.len());
        Ok(Found::Nothing(Report { states, ends, checked, steps, nodes, runs, telling, took: Duration::ZERO }))
    }

    /// What the invariant says of a state, or the last check of an end. A panic in there is a no.
    fn ask(&self, state: &State, end: bool) -> Verdict {
        let outcome = |number| self.behaviours.outcome(number);
        let view = View { state, names: self.names, parsed: &self.parsed, outcome: &outcome };
        let check = || {
            if end {
                let store = view.copy();
                (self.plan.finally)(&End { view, store })
            } else {
                (self.plan.always)(&view)
            }
        };
        catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default())
        })
    }

    /// All states that may come next; the error is a misuse of the store.
    fn moves(&mut self, state: &State, next: &mut Vec<(Move, State)>) -> Result<Verdict, Parted> {
        if state.header().phase < self.last_phase
            && let Some(over) = self.stopped(state)
        {
            let phase = state.header().phase + 1;
            next.push((Move { actor: 0, how: How::PhaseOver }, self.with_phase(over, phase)));
        }
        for actor in 0..self.plan.actors.len() {
            let Stand::At(node) = state.stand(actor) else { continue };
            let before = next.len();
            if let Err(misuse) = self.moves_of(state, actor, node, next)? {
                return Ok(Err(misuse));
            }
            if self.goes_alone(actor, node, &next[before..]) {
                // What the others do meanwhile, they can as well do after this.
                next.drain(..before);
                break;
            }
        }
        Ok(Ok(()))
    }

    /// What a single operation of one caller may come to.
    fn moves_of(
        &mut self,
        state: &State,
        actor: usize,
        node: u32,
        next: &mut Vec<(Move, State)>,
    ) -> Result<Verdict, Parted> {
        let Step::Operation(operation) = self.behaviours.step(node) else { return Ok(Ok(())) };
        let name = |how| Move { actor: actor as u8, how };
        let Some(state) = self.lined_up(state, actor, node) else { return Ok(Ok(())) };
        let mut done = state.clone();
        let Some(reply) = done.apply(operation) else {
            let key = self.names.borrow().key_name(operation.key()).clone();
            return Ok(Err(format!("{key} is used both as a value and as a counter")));
        };
        if !operation.reads() && self.is_constant(operation.key()) {
            let key = self.names.borrow().key_name(operation.key()).clone();
            return Ok(Err(format!("{key} was said to be constant, and is written")));
        }
        let header = state.header();
        if header.errors > 0 {
            let fewer = Header { errors: header.errors - 1, ..header };
            let (mut lost, mut refused) = (done.clone(), state);
            lost.set_header(fewer);
            self.go(&mut lost, actor, node, Reply::Failed)?;
            if !operation.reads() {
                refused.set_header(fewer);
                self.go(&mut refused, actor, node, Reply::Failed)?;
                next.push((name(How::Refused), refused));
            }
            next.push((name(How::Lost), lost));
        }
        self.go(&mut done, actor, node, reply)?;
        next.push((name(How::Done), done));
        Ok(Ok(()))
    }

    fn go(&mut self, state: &mut State, actor: usize, node: u32, reply: Reply) -> Result<(), Parted> {
        let after = self.behaviours.after(node, reply)?;
        state.set_stand(actor, self.stand(after));
        Ok(())
    }

    fn stand(&self, node: u32) -> Stand {
        match self.behaviours.step(node) {
            Step::End(outcome) => Stand::Ended(outcome),
            _ => Stand::At(node),
        }
    }

    /// Whether an operation can't be told from one that comes later: it reads what nobody writes, and its caller goes on.
    fn goes_alone(&mut self, actor: usize, node: u32, moves: &[(Move, State)]) -> bool {
        let Step::Operation(operation) = self.behaviours.step(node) else { return false };
        operation.reads()
            && self.is_constant(operation.key())
            && moves.last().is_some_and(|(_, done)| matches!(done.stand(actor), Stand::At(_)))
    }

    /// The state with whoever is overtaken in the line crashed; `None` if more would crash than may.
    fn lined_up(&self, state: &State, actor: usize, node: u32) -> Option<State> {
        let Some(line) = self.line else { return Some(state.clone()) };
        let stands_in_line = matches!(self.step(node), Step::Operation(operation) if operation.key() == line);
        let mut state = state.clone();
        if stands_in_line && !self.behaviours.lined_up(node) {
            for other in 0..actor {
                if matches!(state.stand(other), Stand::At(node) if !self.behaviours.lined_up(node)) {
                    crash(&mut state, other)?;
                }
            }
        }
        Some(state)
    }

    /// The state with all that are at work crashed; `None` if more would crash than may.
    fn stopped(&self, state: &State) -> Option<State> {
        let mut stopped = state.clone();
        for actor in 0..self.plan.actors.len() {
            if let Stand::At(_) = stopped.stand(actor) {
                crash(&mut stopped, actor)?;
            }
        }
        Some(stopped)
    }

    fn with_phase(&self, mut state: State, phase: u8) -> State {
        state.set_header(Header { phase, ..state.header() });
        for (i, actor) in self.plan.actors.iter().enumerate() {
            if actor.phase == phase {
                state.set_stand(i, self.stand(self.behaviours.root(i)));
            }
        }
        state
    }

    fn is_constant(&mut self, key: u32) -> bool {
        let key = key as usize;
        while self.constant.len() <= key {
            let name = self.names.borrow().key_name(self.constant.len() as u32).clone();
            self.constant.push(self.plan.constants.iter().any(|prefix| name.starts_with(prefix)));
        }
        self.constant[key]
    }

    /// One move again, of a schedule that was found.
    pub fn play(&mut self, state: &State, step: Move) -> State {
        let mut next = Vec::new();
        let _ = self.moves(state, &mut next);
        next.into_iter().find(|(found, _)| *found == step).map_or_else(|| state.clone(), |(_, state)| state)
    }
}

fn crash(state: &mut State, actor: usize) -> Option<()> {
    let header = state.header();
    if header.crashes != u8::MAX {
        state.set_header(Header { crashes: header.crashes.checked_sub(1)?, ..header });
    }
    state.set_stand(actor, Stand::Crashed);
    Some(())
}

/// What is in the store to begin with.
fn initial<O>(plan: &Explore<'_, O>, names: &RefCell<Interner>) -> State {
    let mut state = State::new(plan.actors.len());
    state.set_header(Header { phase: 0, errors: plan.errors, crashes: plan.crashes.unwrap_or(u8::MAX) });
    let mut names = names.borrow_mut();
    for key in plan.store.keys() {
        let cell = match plan.store.get(&key) {
            Ok(value) => Cell::Value(names.value(&value.unwrap_or_default())),
            Err(StoreError::Corrupt { .. }) => {
                Cell::Counter(plan.store.increment(&key, 0).expect("it is there and no value"))
            }
            Err(error) => panic!("the store to begin with: {error}"),
        };
        let key = names.key(&key);
        state.set_cell(key, cell);
    }
    state
}
