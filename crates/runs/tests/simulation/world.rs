//! The store, the vendor and the outsiders of one run.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Millis;
use runs::{
    Begin, Fact, Failure, Kind, MAX_QUEUED, MAX_RUNNING, Notice, Refused, Run, RunStep, Status, StepStatus, Task,
    apply, parse_steps,
};
use serde_json::{Value as Json, json};

use crate::{random::Random, recipe};

/// A job as the vendor and its record know it.
#[derive(Debug, Clone)]
pub struct Job {
    pub step: String,
    pub attempt: u32,
    pub outcome: Option<Result<Json, Failure>>,
}

pub struct World {
    pub seed: u64,
    pub now: Millis,
    /// As last written.
    stored: Run,
    writes: u32,
    /// By id: a vendor begins each once.
    pub jobs: BTreeMap<String, Job>,
    /// Denials are final for their token.
    pub denied: BTreeMap<String, Fact>,
    /// Everything that was ever said of the run.
    pub said: Vec<Fact>,
    /// Notices that came of written facts.
    pub due: BTreeMap<String, Notice>,
    /// Notices that were told, and how often.
    pub told: BTreeMap<String, (Notice, u32)>,
    /// Attempts that were written down as starting.
    pub attempts: BTreeSet<(String, u32)>,
    pub crashes: u32,
    pub revivals: u32,
    pub reopened: u32,
}

fn lets_through(step: &RunStep) -> bool {
    matches!(step.status, StepStatus::Done | StepStatus::Approved)
        || (step.optional && step.status == StepStatus::Failed)
}

fn has_begun(step: &RunStep) -> bool {
    step.job.is_some() || matches!(step.status, StepStatus::Starting | StepStatus::Running | StepStatus::Done)
}

fn round(step: &RunStep) -> u32 {
    if let Task::Gate { round, .. } = &step.task { *round } else { 0 }
}

fn waits_for(step: &RunStep, other: &RunStep) -> bool {
    step.after.iter().any(|name| *name == other.of || *name == other.id)
}

/// All steps before one, however far.
fn before_it<'a>(run: &'a Run, step: &'a RunStep) -> Vec<&'a RunStep> {
    reached(run, step, waits_for)
}

/// All steps behind one, however far.
fn behind_it<'a>(run: &'a Run, step: &'a RunStep) -> Vec<&'a RunStep> {
    reached(run, step, |step, other| waits_for(other, step))
}

fn reached<'a>(run: &'a Run, step: &'a RunStep, leads: impl Fn(&RunStep, &RunStep) -> bool) -> Vec<&'a RunStep> {
    let (mut found, mut open) = (Vec::<&RunStep>::new(), vec![step]);
    while let Some(from) = open.pop() {
        for to in run.steps.iter().filter(|to| leads(from, to)) {
            if found.iter().all(|known| known.id != to.id) {
                found.push(to);
                open.push(to);
            }
        }
    }
    found
}

fn is_end(kind: Kind) -> bool {
    matches!(kind, Kind::Done | Kind::Failed | Kind::Cancelled)
}

impl World {
    /// A random run; `None` when it is refused for its size.
    pub fn random(seed: u64, random: &mut Random) -> Option<Self> {
        let now = Millis(1_800_000_000_000 + seed);
        let n = if random.one_in(10) { 1 + random.below(30) } else { 1 + random.below(9) };
        let begin = Begin {
            id: format!("run_{seed}"),
            tenant: "demo".into(),
            credential: "key".into(),
            channel: String::new(),
            base: None,
            chat: None,
            project: None,
            title: String::new(),
            steps: parse_steps(&recipe::steps(random, "s", n, &[])).unwrap(),
            input: recipe::input(),
        };
        let run = match Run::start(begin, now) {
            Ok(run) => run,
            Err(Refused::QueueFull) => return None,
            Err(other) => panic!("seed {seed}: {other}"),
        };
        let world = Self {
            seed,
            now,
            stored: run.clone(),
            writes: 0,
            jobs: BTreeMap::new(),
            denied: BTreeMap::new(),
            said: Vec::new(),
            due: run.untold().iter().map(|notice| (notice.subject.clone(), notice.clone())).collect(),
            told: BTreeMap::new(),
            attempts: BTreeSet::new(),
            crashes: 0,
            revivals: 0,
            reopened: 0,
        };
        world.bounds(&run);
        Some(world)
    }

    /// As a driver finds it that has just begun.
    pub fn run(&self) -> Run {
        self.stored.clone()
    }

    pub fn pass(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
    }

    /// Says something of the run and writes it down, whatever came of it.
    pub fn say(&mut self, fact: Fact) -> Result<(), Refused> {
        let (run, new) = self.consider(fact)?;
        self.commit(&run, new);
        Ok(())
    }

    /// What came of it, to be committed, or lost in a crash.
    pub fn consider(&mut self, fact: Fact) -> Result<(Run, Vec<Notice>), Refused> {
        self.said.push(fact.clone());
        let before = self.run();
        let mut run = before.clone();
        match apply(&mut run, fact, self.now) {
            Ok(new) => Ok((run, new)),
            Err(refused) => {
                assert_eq!(run, before, "seed {}: refused, and changed all the same", self.seed);
                Err(refused)
            }
        }
    }

    /// Writes it down, if it keeps the run's word.
    pub fn commit(&mut self, run: &Run, new: Vec<Notice>) {
        let before = self.run();
        self.bounds(run);
        self.order(&before, run);
        let ends_anew = new.iter().any(|notice| is_end(notice.kind));
        for notice in new {
            let again = self.due.insert(notice.subject.clone(), notice);
            assert!(again.is_none(), "seed {}: a subject came twice: {again:?}", self.seed);
        }
        // Tried again, it may fail again at once.
        if before.status.is_over() && (ends_anew || !run.status.is_over()) {
            self.revivals += 1;
        }
        if run.status.is_over() {
            let ends = self.due.values().filter(|notice| is_end(notice.kind)).count();
            assert_eq!(ends as u32, self.revivals + 1, "seed {}: each end is told", self.seed);
        }
        if let Some(gate) = run.pending() {
            let subject = format!("{}/gate/{}/{}", gate.run, gate.gate, gate.round);
            assert_eq!(self.due[&subject].gate.as_ref(), Some(&gate), "seed {}: each opening is told", self.seed);
        }
        if run.pause.is_some() {
            let last = self.due.values().filter(|notice| notice.kind == Kind::Paused).max_by_key(|notice| notice.at);
            assert!(last.is_some(), "seed {}: each pause is told", self.seed);
        }
        self.stored = run.clone();
        self.writes += 1;
        // Now and then, for it takes its time.
        if self.writes.is_multiple_of(16) {
            let read: Run = serde_json::from_slice(&serde_json::to_vec(run).unwrap()).unwrap();
            assert_eq!(&read, run, "seed {}: what is written is read again", self.seed);
        }
    }

    fn bounds(&self, run: &Run) {
        let count = |is: &dyn Fn(&&RunStep) -> bool| run.steps.iter().filter(is).count();
        let running = count(&|step| step.status.is_under_way());
        assert!(running <= MAX_RUNNING, "seed {}: {running} run", self.seed);
        let unfinished = count(&|step| step.is_job() && !step.status.is_over());
        assert!(unfinished <= MAX_RUNNING + MAX_QUEUED, "seed {}: {unfinished} unfinished", self.seed);
        assert!(run.steps.len() <= 100);
        assert!(count(&|step| step.status == StepStatus::Waiting) <= 1, "seed {}: one gate at a time", self.seed);
        let at_vendor = self.jobs.values().filter(|job| job.outcome.is_none()).count();
        assert!(at_vendor <= MAX_RUNNING, "seed {}: {at_vendor} jobs at the vendor", self.seed);
        if run.status.is_over() {
            let left = count(&|step| !step.status.is_over() && !step.status.is_under_way());
            assert_eq!(left, 0, "seed {}: {left} steps left behind", self.seed);
        }
        assert_eq!(run.status.is_over(), run.ended_at.is_some());
    }

    /// Nothing begins before its time, and nothing that is over becomes something else unless it is tried again.
    fn order(&mut self, before: &Run, run: &Run) {
        for step in &run.steps {
            let old = before.step(&step.id);
            let begins = matches!(step.status, StepStatus::Starting | StepStatus::Waiting)
                && old.is_none_or(|old| old.status != step.status);
            if begins {
                // However far before it: what was passed by once may be tried again.
                for other in before_it(run, step) {
                    assert!(lets_through(other), "seed {}: {} began before {}", self.seed, step.id, other.id);
                }
            }
            if step.status == StepStatus::Starting {
                self.attempts.insert((step.id.clone(), step.attempt));
            }
            if step.status == StepStatus::Running {
                let job = &self.jobs[step.job.as_ref().unwrap()];
                assert_eq!((&job.step, job.attempt), (&step.id, step.attempt));
            }
            if let Some(old) = old
                && (old.status, step.status) == (StepStatus::Waiting, StepStatus::Blocked)
                && round(step) > round(old)
            {
                self.reopened += 1;
            }
            if let Some(old) = old
                && matches!(old.status, StepStatus::Done | StepStatus::Approved)
                && !(step.status != old.status && self.may_reopen(before, run, old, step))
            {
                assert_eq!(old, step, "seed {}: what is done stays so", self.seed);
            }
        }
        self.gates_are_asked_again(before, run);
    }

    /// An approval is taken back only where a step before the gate is tried again and nothing behind it has begun.
    fn may_reopen(&mut self, before: &Run, run: &Run, old: &RunStep, step: &RunStep) -> bool {
        let is_gate = matches!(old.task, Task::Gate { .. });
        let is_closed = matches!(step.status, StepStatus::Blocked | StepStatus::Waiting | StepStatus::Cancelled);
        let is_tried_again = before_it(before, old).iter().any(|step| step.status == StepStatus::Failed);
        let may = is_gate
            && is_closed
            && is_tried_again
            && round(step) > round(old)
            && !behind_it(before, old).iter().any(|step| has_begun(step));
        if may && run.status != Status::Done {
            self.reopened += 1;
        }
        may
    }

    /// And there it is: no answer to an old question lets anything through.
    fn gates_are_asked_again(&self, before: &Run, run: &Run) {
        let was_tried_again = |step: &&&RunStep| {
            let old = before.step(&step.id);
            old.is_some_and(|old| old.status == StepStatus::Failed) && !step.status.is_over()
        };
        let gates = run.steps.iter().filter(|step| matches!(step.status, StepStatus::Waiting | StepStatus::Approved));
        for gate in gates.filter(|gate| before_it(run, gate).iter().any(|step| was_tried_again(&step))) {
            let old = before.step(&gate.id).unwrap();
            assert!(
                old.status == StepStatus::Approved && behind_it(before, old).iter().any(|step| has_begun(step)),
                "seed {}: {} is not asked again",
                self.seed,
                gate.id
            );
        }
    }

    /// The vendor begins a job; it never begins one twice.
    pub fn begin(&mut self, id: &str, step: &str, attempt: u32) {
        assert!(self.attempts.contains(&(step.into(), attempt)), "seed {}: not written down before", self.seed);
        let job = Job { step: step.into(), attempt, outcome: None };
        assert!(self.jobs.insert(id.into(), job).is_none(), "seed {}: {id} was begun twice", self.seed);
        let at_vendor = self.jobs.values().filter(|job| job.outcome.is_none()).count();
        assert!(at_vendor <= MAX_RUNNING, "seed {}: {at_vendor} jobs at the vendor", self.seed);
    }

    pub fn end_some_job(&mut self, random: &mut Random) {
        let open: Vec<_> =
            self.jobs.iter().filter(|(_, job)| job.outcome.is_none()).map(|(id, _)| id.clone()).collect();
        let Some(id) = random.pick(&open).cloned() else { return };
        let good = json!({"x": id, "artifacts": [{"url": "u"}]});
        let outcome = if random.one_in(4) { Err(Failure::new("broken", "It broke.")) } else { Ok(good) };
        self.jobs.get_mut(&id).unwrap().outcome = Some(outcome);
    }
}
