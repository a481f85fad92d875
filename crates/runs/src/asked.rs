//! What people ask of a run: a decision at a gate, to go on, to try again.

use calendar::Millis;
use serde_json::json;

use crate::{
    approval::Approval,
    error::{Failure, Invalid, Refused},
    expand,
    run::{Run, Task},
    settle,
    standing::{Standing, standing},
    status::{Decision, Status, StepStatus},
    step::Step,
};

/// The longest comment.
const MAX_COMMENT: usize = 2_000;

pub(crate) fn decided(
    run: &mut Run,
    link: &Approval,
    decision: Decision,
    comment: &str,
    now: Millis,
) -> Result<(), Refused> {
    match standing(run, link, now) {
        Standing::Open => {}
        Standing::Decided { .. } => return Err(Refused::Decided),
        Standing::Expired => return Err(Refused::LinkExpired),
        Standing::RunOver => return Err(Refused::RunOver),
        Standing::Unknown => return Err(Refused::NoGate),
    }
    if comment.chars().count() > MAX_COMMENT {
        return Err(Invalid::new("comment", format!("must have at most {MAX_COMMENT} characters")).into());
    }
    let step = run.step_mut(&link.gate).ok_or(Refused::NoGate)?;
    if let Task::Gate { decided_at, .. } = &mut step.task {
        *decided_at = Some(now);
    }
    step.result = Some(json!({ "decision": decision, "comment": comment, "decided_at": now.to_string() }));
    match decision {
        Decision::Approve => step.status = StepStatus::Approved,
        Decision::Reject => {
            step.status = StepStatus::Rejected;
            let message = if comment.is_empty() { format!("{} was rejected.", step.id) } else { comment.to_owned() };
            settle::end(run, Status::Failed, Some(Failure::new("rejected", message)), now);
        }
    }
    Ok(())
}

pub(crate) fn go_on(run: &mut Run, steps: &[Step], retry: &[String], now: Millis) -> Result<(), Refused> {
    let may_be_revived = run.status == Status::Failed && !retry.is_empty() && !run.is_too_old(now);
    if run.status.is_over() && !may_be_revived {
        return Err(Refused::RunOver);
    }
    for (i, name) in retry.iter().enumerate() {
        if !retry.iter().take(i).any(|earlier| earlier == name) {
            put_back(run, name, i)?;
        }
    }
    reopen_gates(run, retry);
    if run.status.is_over() {
        for step in &mut run.steps {
            if step.status == StepStatus::Cancelled {
                step.status = StepStatus::Blocked;
            }
        }
        run.status = Status::Running;
        (run.error, run.ended_at) = (None, None);
    }
    expand::add(run, steps)?;
    run.check_bounds()?;
    // Whatever stood in the way: the caller says that it is gone.
    (run.pause, run.hold_until, run.refusals) = (None, None, 0);
    Ok(())
}

/// Failed steps go back to the queue, a rejected gate is asked again.
fn put_back(run: &mut Run, name: &str, i: usize) -> Result<(), Invalid> {
    let param = format!("retry[{i}]");
    if run.named(name).next().is_none() {
        return Err(Invalid::new(param, "names no step of this run"));
    }
    let mut found = false;
    for step in run.steps.iter_mut().filter(|step| step.of == name || step.id == name) {
        if matches!(step.status, StepStatus::Failed | StepStatus::Rejected) {
            step.status = StepStatus::Blocked;
            (step.result, step.error) = (None, None);
            if let Task::Gate { decided_at, .. } = &mut step.task {
                *decided_at = None;
            }
            found = true;
        }
    }
    if found { Ok(()) } else { Err(Invalid::new(param, "names a step that has not failed")) }
}

/// Gates that were passed, or opened, only because a failed step was optional: it may come to another end now, so they are
/// asked again. Where something has begun by an approval, it can't be taken back.
fn reopen_gates(run: &mut Run, retry: &[String]) {
    let retried = retry.iter().flat_map(|name| run.named(name)).filter(|step| step.status == StepStatus::Blocked);
    let behind = run.behind(retried);
    let gates = behind.iter().filter(|step| matches!(step.status, StepStatus::Waiting | StepStatus::Approved));
    let reopened: Vec<_> = gates
        .filter(|gate| !run.behind([**gate].into_iter()).iter().any(|step| step.has_begun()))
        .map(|gate| gate.id.clone())
        .collect();
    for step in run.steps.iter_mut().filter(|step| reopened.contains(&step.id)) {
        step.status = StepStatus::Blocked;
        step.result = None;
        if let Task::Gate { round, expires_at, decided_at, .. } = &mut step.task {
            // The old link is dead at once; opened again, it gets a round of its own all the same.
            *round = round.saturating_add(1);
            (*expires_at, *decided_at) = (None, None);
        }
    }
}
