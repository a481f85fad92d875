//! How every story ends, and what must have come of it.

use calendar::{DAY, HOUR, MINUTE, SECOND};
use runs::{Decision, Fact, Status, StepStatus};

use crate::{driver::drive, people::link, random::Random, world::World};

/// What all the stories together have seen: a simulation that never gets anywhere proves nothing.
#[derive(Debug, Default)]
pub struct Seen {
    pub refused: u32,
    done: u32,
    failed: u32,
    cancelled: u32,
    expired: u32,
    rejected: u32,
    crashes: u32,
    revivals: u32,
    retried: u32,
    waited: u32,
    told_twice: u32,
    reopened: u32,
    jobs: usize,
}

/// Nothing goes wrong any more. People either help it along, or never come back.
pub fn come_to_an_end(world: &mut World, random: &mut Random) {
    let helped = !random.one_in(4);
    let mut rounds = 0;
    while !world.run().is_settled() {
        rounds += 1;
        assert!(rounds < 2_000, "seed {}: it never ends: {:#?}", world.seed, world.run());
        drive(world, random, false).expect("nothing crashes now");
        let run = world.run();
        if !random.one_in(3) {
            world.end_some_job(random);
        }
        if helped {
            if run.status == Status::Paused {
                world.say(Fact::Continue { steps: vec![], retry: vec![] }).unwrap();
            } else if let Some(gate) = run.pending().filter(|gate| world.now < gate.expires_at) {
                let comment = "fine".to_owned();
                let decided = world.say(Fact::Decided { link: link(&gate), decision: Decision::Approve, comment });
                assert!(decided.is_ok() || world.now.since(run.created_at) >= 7 * DAY);
            }
            world.pass(SECOND);
        } else {
            world.pass(30 * MINUTE + random.below(12 * HOUR));
        }
    }
}

pub fn check(world: &World, seen: &mut Seen) {
    let (run, seed) = (world.run(), world.seed);
    let due: Vec<_> = world.due.keys().collect();
    let told: Vec<_> = world.told.keys().collect();
    assert_eq!(due, told, "seed {seed}: all that happened is told, and nothing else");
    assert!(world.due.iter().all(|(subject, notice)| world.told[subject].0 == *notice));
    // Every job that was begun is noted, unless its step was tried again since.
    for (id, job) in &world.jobs {
        let step = run.step(&job.step).unwrap();
        assert!(job.outcome.is_some(), "seed {seed}: {id} goes on");
        if step.attempt == job.attempt && step.status != StepStatus::Cancelled {
            assert_eq!(step.job.as_ref(), Some(id), "seed {seed}");
            assert_eq!(step.result, job.outcome.clone().unwrap().ok(), "seed {seed}: {id}");
        }
    }
    let good = run.steps.iter().all(|step| match step.status {
        StepStatus::Done | StepStatus::Approved => true,
        StepStatus::Failed => step.optional,
        _ => false,
    });
    match run.status {
        Status::Done => assert!(good, "seed {seed}: done, and something is missing"),
        // One that is revived by adding steps may be failed with all steps good only by its age.
        Status::Failed => assert!(!good || run.error.as_ref().unwrap().code == "expired", "seed {seed}"),
        Status::Cancelled => {}
        other => panic!("seed {seed}: {other:?}"),
    }
    seen.count(world, &run);
}

impl Seen {
    fn count(&mut self, world: &World, run: &runs::Run) {
        let code = run.error.as_ref().map_or("", |why| why.code.as_str());
        self.done += u32::from(run.status == Status::Done);
        self.failed += u32::from(run.status == Status::Failed);
        self.cancelled += u32::from(run.status == Status::Cancelled);
        self.expired += u32::from(code == "expired");
        self.rejected += u32::from(code == "rejected");
        self.crashes += world.crashes;
        self.revivals += world.revivals;
        self.retried += u32::from(world.attempts.iter().any(|(_, attempt)| *attempt > 1));
        self.waited += u32::from(world.due.values().any(|notice| notice.gate.is_some()));
        self.told_twice += u32::from(world.told.values().any(|(_, times)| *times > 1));
        self.reopened += world.reopened;
        self.jobs += world.jobs.len();
    }

    pub fn report(&self) {
        println!("{self:?}");
        let all = [
            self.refused,
            self.done,
            self.failed,
            self.cancelled,
            self.expired,
            self.rejected,
            self.crashes,
            self.revivals,
            self.retried,
            self.waited,
            self.told_twice,
            self.reopened,
        ];
        assert!(all.iter().all(|count| *count > 0), "each kind of story is told some times: {self:?}");
    }
}
