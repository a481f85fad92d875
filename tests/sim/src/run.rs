//! One seed from beginning to end: the scheduler, and the trouble it makes.

use std::{cmp::Reverse, collections::BinaryHeap, rc::Rc};

use calendar::{HOUR, MINUTE, Millis, SECOND};
use limits::Holder;

use crate::{
    calls::{self, Caller},
    plan::Plan,
    quiet::{self, Faults},
    rng::Rng,
    task::{Fate, Seat, Stacks, Task, Wait},
    tenants::Tenants,
    world::{NODES, World},
};

/// 2026-11-30T20:00:00Z: the month is over in four hours.
const BEGIN: Millis = Millis(1_796_068_800_000);
/// A node's clock is off by this much at most; two nodes differ by less than the reaper's lease can bear.
const MOST_SKEW_MS: u64 = 4_500;
/// How long it is calm after a chapter: longer than anything is held.
const CALM: u64 = 3 * HOUR;
/// In the calm, maintenance runs this often.
const CALM_MAINTENANCE: u64 = 20 * SECOND;

/// How much went on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub operations: u64,
    pub granted: u64,
    pub denied: u64,
    pub settled: u64,
    pub overruns: u64,
    pub corrected: u64,
    pub crashes: u64,
    pub errors: u64,
    /// Virtual milliseconds.
    pub time: u64,
}

/// What was wrong, and what came before it.
#[derive(Debug)]
pub struct Failure {
    pub what: String,
    pub events: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Step(usize),
    Arrive,
    Maintain(usize),
    Trouble,
    Change,
}

struct Run {
    world: Rc<World>,
    rng: Rng,
    plan: Plan,
    tenants: Tenants,
    stacks: Stacks,
    tasks: Vec<Option<Task>>,
    free: Vec<usize>,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    faults: Faults,
    calm: bool,
    /// In microseconds: until when the store is down, and until when maintenance is absent.
    down_until: u64,
    absent_until: u64,
    keys: u64,
}

/// Plays a seed.
///
/// # Errors
/// An invariant doesn't hold.
pub fn play(seed: u64, chapters: u32, longest: u64) -> Result<Totals, Failure> {
    let mut rng = Rng::new(seed);
    let plan = Plan::draw(&mut rng, chapters, longest);
    let world = Rc::new(World::new(BEGIN));
    let tenants = Tenants::found(&world, &mut rng, plan.tenants);
    let mut run = Run {
        world,
        rng,
        plan,
        tenants,
        stacks: Stacks::default(),
        tasks: Vec::new(),
        free: Vec::new(),
        queue: BinaryHeap::new(),
        faults: Faults::default(),
        calm: false,
        down_until: 0,
        absent_until: 0,
        keys: 0,
    };
    let verdict = run.all();
    let world = run.world.clone();
    match verdict {
        Ok(()) => Ok(run.totals()),
        Err(what) => Err(Failure { what: format!("{what}\n{:?}", run.plan), events: world.events() }),
    }
}

impl Run {
    fn all(&mut self) -> Result<(), String> {
        for node in 0..NODES {
            self.after(SECOND, Event::Maintain(node));
        }
        for _ in 0..self.plan.chapters {
            self.calm = false;
            for event in [Event::Arrive, Event::Trouble, Event::Change] {
                self.after(SECOND, event);
            }
            self.until(self.world.elapsed() + self.plan.chapter)?;
            self.calm = true;
            self.world.remark("it is calm now".into());
            self.until(self.world.elapsed() + CALM)?;
            quiet::balance(&self.world, self.faults)?;
        }
        // Nobody is at work for what follows.
        for slot in 0..self.tasks.len() {
            self.end(slot);
        }
        quiet::forgotten(&self.world, self.faults)
    }

    fn totals(&self) -> Totals {
        let ghost = self.world.ghost.borrow();
        Totals {
            operations: self.world.operations.get(),
            granted: ghost.granted,
            denied: ghost.denied,
            settled: ghost.settled,
            overruns: ghost.overruns,
            corrected: ghost.corrected,
            crashes: self.faults.crashes,
            errors: self.faults.errors,
            time: self.world.elapsed(),
        }
    }

    fn after(&mut self, millis: u64, event: Event) {
        self.at(self.world.micros() + millis * 1_000, event);
    }

    fn at(&mut self, micros: u64, event: Event) {
        // Of things at the same moment, any may come first.
        let lot = self.rng.draw();
        self.queue.push(Reverse((micros, lot, event)));
    }

    /// Goes on to a moment, in milliseconds since the beginning.
    fn until(&mut self, end: u64) -> Result<(), String> {
        while let Some(Reverse((micros, _, event))) = self.queue.peek().copied() {
            if micros >= end * 1_000 {
                break;
            }
            self.queue.pop();
            self.world.pass(micros);
            match event {
                Event::Step(slot) => self.step(slot),
                Event::Arrive => self.arrive(),
                Event::Maintain(node) => self.maintain(node),
                Event::Trouble => self.trouble(),
                Event::Change => self.change(),
            }
            if let Some(what) = self.world.wrong.borrow_mut().take() {
                return Err(what);
            }
        }
        self.world.pass(end * 1_000);
        Ok(())
    }

    fn step(&mut self, slot: usize) {
        let Some(task) = &mut self.tasks[slot] else { return };
        if !self.calm && self.rng.once_in(self.plan.crash_in) {
            self.world.remark(format!("{} crashes", task.name()));
            self.faults.crashes += 1;
            return self.end(slot);
        }
        let fate = match () {
            () if self.world.micros() < self.down_until => Fate::Refused,
            () if !self.calm && self.rng.once_in(self.plan.error_in) => {
                if self.rng.once_in(2) {
                    Fate::Lost
                } else {
                    Fate::Refused
                }
            }
            () => Fate::Done,
        };
        self.faults.errors += u64::from(fate != Fate::Done);
        match task.resume(fate) {
            None => self.end(slot),
            Some(Wait::Sleep(millis)) => self.after(millis, Event::Step(slot)),
            Some(Wait::Operation) => {
                let long = !self.calm && self.rng.once_in(self.plan.pause_in);
                let micros = if long { self.rng.between(100_000, 25_000_000) } else { self.rng.between(20, 800) };
                self.at(self.world.micros() + micros, Event::Step(slot));
            }
        }
    }

    fn end(&mut self, slot: usize) {
        if let Some(task) = self.tasks[slot].take() {
            task.end(&mut self.stacks);
            self.free.push(slot);
        }
    }

    fn spawn(&mut self, node: usize, name: String, call: impl FnOnce(&Seat<'_>) + 'static) {
        let rng = self.rng.split();
        let task = Task::new(&mut self.stacks, &self.world, node, name, rng, call);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        self.tasks[slot] = Some(task);
        self.after(0, Event::Step(slot));
    }

    fn arrive(&mut self) {
        if self.calm {
            return;
        }
        let crowd = if self.rng.once_in(8) { self.rng.between(1, self.plan.crowd) } else { 1 };
        for _ in 0..crowd {
            let node = self.rng.below(NODES as u64) as usize;
            let (tenant, session) = self.tenants.somebody(&mut self.rng);
            let holder = *self.rng.pick(&[Holder::Gate, Holder::Gate, Holder::Server, Holder::Page]);
            let keyed = holder == Holder::Server || self.rng.once_in(4);
            let caller = Caller { tenant, session, holder, key: keyed.then(|| self.key()) };
            if self.rng.once_in(12) {
                self.spawn(node, format!("live of {}", caller.tenant), move |seat| calls::live(seat, &caller));
                continue;
            }
            // The same request twice at once, perhaps on two nodes.
            if keyed && self.rng.once_in(6) {
                let (twin, other) = (caller.clone(), self.rng.below(NODES as u64) as usize);
                self.spawn(other, format!("twin of {}", twin.tenant), move |seat| calls::call(seat, &twin));
            }
            self.spawn(node, format!("{holder:?} of {}", caller.tenant), move |seat| calls::call(seat, &caller));
        }
        let pause = self.rng.between(1, 2 * self.plan.arrivals);
        self.after(pause, Event::Arrive);
    }

    /// Mostly a new key; sometimes one that was used before.
    fn key(&mut self) -> String {
        if self.keys > 0 && self.rng.once_in(5) {
            return format!("key-{}", self.keys - self.rng.below(self.keys.min(20)));
        }
        self.keys += 1;
        format!("key-{}", self.keys)
    }

    fn maintain(&mut self, node: usize) {
        if self.calm || self.world.micros() >= self.absent_until {
            self.spawn(node, format!("maintenance on {node}"), calls::maintain);
        }
        let period = if self.calm { CALM_MAINTENANCE } else { self.plan.maintenance };
        let jitter = self.rng.below(200);
        self.after(period + jitter, Event::Maintain(node));
    }

    fn change(&mut self) {
        if self.calm {
            return;
        }
        self.tenants.change(&self.world, &mut self.rng);
        let pause = self.rng.between(1, 2 * self.plan.changes);
        self.after(pause, Event::Change);
    }

    fn trouble(&mut self) {
        if self.calm {
            self.down_until = 0;
            return;
        }
        let now = self.world.micros();
        match self.rng.below(6) {
            0 => {
                let millis = self.rng.between(10, 90_000);
                self.world.remark(format!("the store is down for {millis} ms"));
                self.down_until = now + millis * 1_000;
            }
            1 => {
                let node = self.rng.below(NODES as u64) as usize;
                self.world.remark(format!("node {node} dies"));
                for slot in 0..self.tasks.len() {
                    if self.tasks[slot].as_ref().is_some_and(|task| task.node == node) {
                        self.faults.crashes += 1;
                        self.end(slot);
                    }
                }
            }
            2 => {
                let millis = self.rng.between(MINUTE, 4 * HOUR);
                self.world.remark(format!("no maintenance for {millis} ms"));
                self.absent_until = now + millis * 1_000;
            }
            _ => {
                let node = self.rng.below(NODES as u64) as usize;
                let skew = self.rng.below(2 * MOST_SKEW_MS) as i64 - MOST_SKEW_MS as i64;
                self.world.remark(format!("the clock of node {node} is off by {skew} ms now"));
                self.world.skew[node].set(skew);
            }
        }
        let pause = self.rng.between(1, 2 * self.plan.trouble);
        self.after(pause, Event::Trouble);
    }
}
