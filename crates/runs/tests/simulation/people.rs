//! What people do at any time, and what comes a second time or much too late.

use runs::{Approval, Decision, Fact, Pending, Run, StepStatus, Task, parse_steps};

use crate::{random::Random, recipe, world::World};

const MAC: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub fn link(gate: &Pending) -> Approval {
    Approval::parse(&gate.token(MAC)).unwrap()
}

/// Whatever comes of it.
pub fn do_something(world: &mut World, random: &mut Random) {
    let run = world.run();
    let fact = match random.below(14) {
        0 => Fact::Cancel,
        1..=3 => Fact::Continue { steps: Vec::new(), retry: failed(&run, random) },
        4..=5 => {
            let known: Vec<_> = run.steps.iter().map(|step| step.of.clone()).collect();
            let (prefix, n) = (format!("m{}_", run.steps.len()), 1 + random.below(8));
            let retry = failed(&run, random);
            Fact::Continue { steps: parse_steps(&recipe::steps(random, &prefix, n, &known)).unwrap(), retry }
        }
        6 => Fact::Expired,
        // A link from one of the gate's openings, mostly the newest.
        _ => {
            let gates: Vec<_> = run.steps.iter().filter_map(|step| gate(&run, step)).collect();
            let Some(gate) = run.pending().filter(|_| !random.one_in(4)).or_else(|| random.pick(&gates).cloned())
            else {
                return;
            };
            let decision = if random.one_in(5) { Decision::Reject } else { Decision::Approve };
            Fact::Decided { link: link(&gate), decision, comment: String::new() }
        }
    };
    let decides = if let Fact::Decided { link, .. } = &fact { Some(link.clone()) } else { None };
    let done = world.say(fact);
    if let (Some(link), Ok(())) = (decides, done) {
        let gate = run.pending().expect("only an open gate is decided");
        assert_eq!((&link.gate, link.round), (&gate.gate, gate.round), "seed {}", world.seed);
        assert!(world.now < gate.expires_at, "seed {}: decided too late", world.seed);
    }
}

fn failed(run: &Run, random: &mut Random) -> Vec<String> {
    let all = run.steps.iter().filter(|step| matches!(step.status, StepStatus::Failed | StepStatus::Rejected));
    all.filter(|_| random.one_in(2)).map(|step| step.id.clone()).collect()
}

fn gate(run: &Run, step: &runs::RunStep) -> Option<Pending> {
    let Task::Gate { title, round, expires_at, .. } = &step.task else { return None };
    Some(Pending {
        run: run.id.clone(),
        gate: step.id.clone(),
        title: title.clone(),
        round: *round,
        expires_at: (*expires_at)?,
    })
}

/// A fact that was said before; or one of an attempt that never was.
pub fn repeat_something(world: &mut World, random: &mut Random) {
    let Some(mut fact) = random.pick(&world.said).cloned() else { return };
    let run = world.run();
    let current = |id: &str, n: u32| run.step(id).is_some_and(|step| step.attempt == n);
    let wild = random.one_in(3);
    match &mut fact {
        Fact::Started { step, attempt, .. }
        | Fact::JobOver { step, attempt, .. }
        | Fact::StartRefused { step, attempt, .. }
        | Fact::JobMissing { step, attempt }
        | Fact::Starting { step, attempt }
            if wild =>
        {
            *attempt = random.below(6) as u32;
            if current(step, *attempt) || run.step(step).is_some_and(|step| step.attempt + 1 == *attempt) {
                return;
            }
        }
        // True when it was said; of an attempt that was begun since, it isn't any more.
        Fact::JobMissing { step, attempt } | Fact::StartRefused { step, attempt, .. }
            if world.jobs.contains_key(&runs::job_id(&run.id, step, *attempt)) =>
        {
            return;
        }
        Fact::Told { subject } if !world.told.contains_key(subject) => return,
        _ => {}
    }
    let _whatever_came_of_it = world.say(fact);
}
