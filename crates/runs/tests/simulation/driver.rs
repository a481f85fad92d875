//! The driver, as the shell has it: plan, act, write down; it may crash before and after everything it does.

use runs::{Action, Fact, Failure, Notice, Run, Then, plan};

use crate::{people, random::Random, world::World};

/// The driver is gone; what it had only in its head is lost.
#[derive(Debug)]
pub struct Crashed;

/// One look at the run. `wild`: it may crash, vendors and limits may refuse, and people come in between.
pub fn drive(world: &mut World, random: &mut Random, wild: bool) -> Result<(), Crashed> {
    for action in plan(&world.run(), world.now) {
        if wild && random.one_in(12) {
            // The plan is old then.
            people::do_something(world, random);
        }
        if wild && random.one_in(12) {
            world.pass(random.pause());
        }
        let mut driver = Driver { world, random, wild };
        match action {
            Action::Tell(notice) => driver.tell(&notice)?,
            Action::Expire => driver.say(Fact::Expired)?,
            Action::Start { step, attempt, job, token, .. } => driver.start(&step, attempt, &job, &token)?,
            Action::Look { step, attempt, job, known } => driver.look(&step, attempt, &job, known)?,
        }
    }
    Ok(())
}

struct Driver<'a> {
    world: &'a mut World,
    random: &'a mut Random,
    wild: bool,
}

impl Driver<'_> {
    fn perhaps_crash(&mut self) -> Result<(), Crashed> {
        if self.wild && self.random.one_in(25) {
            self.world.crashes += 1;
            return Err(Crashed);
        }
        Ok(())
    }

    fn say(&mut self, fact: Fact) -> Result<(), Crashed> {
        match self.world.consider(fact) {
            Ok((run, new)) => self.write(&run, new),
            Err(refused) => panic!("seed {}: the driver is never refused: {refused}", self.world.seed),
        }
    }

    fn write(&mut self, run: &Run, new: Vec<Notice>) -> Result<(), Crashed> {
        self.perhaps_crash()?;
        self.world.commit(run, new);
        self.perhaps_crash()
    }

    fn tell(&mut self, notice: &Notice) -> Result<(), Crashed> {
        self.perhaps_crash()?;
        let told = self.world.told.entry(notice.subject.clone()).or_insert_with(|| (notice.clone(), 0));
        assert_eq!(&told.0, notice, "the same subject, the same notice");
        told.1 += 1;
        self.perhaps_crash()?;
        self.say(Fact::Told { subject: notice.subject.clone() })
    }

    fn start(&mut self, step: &str, attempt: u32, job: &str, token: &str) -> Result<(), Crashed> {
        match self.world.consider(Fact::Starting { step: step.into(), attempt }) {
            Ok((run, new)) => self.write(&run, new)?,
            // The plan was old.
            Err(runs::Refused::NotNow) => return Ok(()),
            Err(other) => panic!("seed {}: {other}", self.world.seed),
        }
        if !self.world.jobs.contains_key(job) {
            if let Some(refusal) = self.refusal(step, attempt, token) {
                self.perhaps_crash()?;
                return self.say(refusal);
            }
            self.world.begin(job, step, attempt);
            self.perhaps_crash()?;
        }
        let permit = format!("lc_{token}");
        self.say(Fact::Started { step: step.into(), attempt, job: job.into(), permit })?;
        self.over(step, attempt, job)
    }

    /// A limit's denial is final for its token; that the store can't be reached isn't.
    fn refusal(&mut self, step: &str, attempt: u32, token: &str) -> Option<Fact> {
        if let Some(denial) = self.world.denied.get(token) {
            return Some(denial.clone());
        }
        if !self.wild || !self.random.one_in(4) {
            return None;
        }
        let after_ms = if self.random.one_in(2) { Some(self.random.below(100_000)) } else { None };
        let then = match self.random.below(5) {
            0 => Then::Pause,
            1 => Then::Fail,
            2 => Then::Again { after_ms },
            _ => Then::Later { after_ms },
        };
        let refusal = Fact::StartRefused { step: step.into(), attempt, why: Failure::new("refused", "No."), then };
        if !matches!(then, Then::Again { .. }) {
            self.world.denied.insert(token.into(), refusal.clone());
        }
        Some(refusal)
    }

    fn look(&mut self, step: &str, attempt: u32, job: &str, known: bool) -> Result<(), Crashed> {
        if !self.world.jobs.contains_key(job) {
            return self.say(Fact::JobMissing { step: step.into(), attempt });
        }
        if !known {
            let permit = format!("lc_{job}");
            self.say(Fact::Started { step: step.into(), attempt, job: job.into(), permit })?;
        }
        self.over(step, attempt, job)
    }

    fn over(&mut self, step: &str, attempt: u32, job: &str) -> Result<(), Crashed> {
        match self.world.jobs[job].outcome.clone() {
            Some(outcome) => self.say(Fact::JobOver { step: step.into(), attempt, outcome }),
            None => Ok(()),
        }
    }
}
