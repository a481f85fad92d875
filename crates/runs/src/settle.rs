//! What follows from a fact: which steps may go on, whether a gate opens, whether the run has ended.

use std::collections::BTreeSet;

use calendar::Millis;

use crate::{
    error::Failure,
    notice::{Kind, Notice},
    run::{Run, RunStep, Task},
    status::{Status, StepStatus},
    template::expand,
};

/// Brings everything that depends on the steps up to date. Settling twice changes nothing more.
pub(crate) fn settle(run: &mut Run, now: Millis) {
    if run.status.is_over() {
        return;
    }
    release(run);
    if run.pause.is_none() {
        open_gate(run, now);
    }
    if !can_move(run) {
        let missed = missed(run);
        let status = if missed.is_some() { Status::Failed } else { Status::Done };
        end(run, status, missed, now);
        return;
    }
    run.status = match run.pause {
        Some(_) => Status::Paused,
        None if run.pending().is_some() => Status::Waiting,
        None => Status::Running,
    };
}

/// Blocked jobs become queued, or fail where their input isn't to be had; queued ones whose ground was taken away go
/// back. A failed optional one lets others through, hence the rounds: each ends at least one step or is the last.
fn release(run: &mut Run) {
    let mut changes = release_once(run);
    while changes {
        changes = release_once(run);
    }
}

/// Whether a step has failed by it.
fn release_once(run: &mut Run) -> bool {
    let held = held(run);
    let found: Vec<_> = run
        .steps
        .iter()
        .filter(|step| step.is_job() && matches!(step.status, StepStatus::Blocked | StepStatus::Queued))
        .map(|step| {
            let input = if is_ready(&held, &step.after) { Some(expand(run, step)) } else { None };
            (step.id.clone(), input.map(|input| input.err()))
        })
        .collect();
    let mut has_failed = false;
    for (id, ready) in found {
        let Some(step) = run.step_mut(&id) else { continue };
        step.status = match ready {
            None => StepStatus::Blocked,
            Some(None) => StepStatus::Queued,
            Some(Some(why)) => {
                step.error = Some(why);
                has_failed = true;
                StepStatus::Failed
            }
        };
    }
    has_failed
}

/// The names, by which `after` may call them, of steps that don't let through, and of those that come after such a one,
/// however far and whatever became of them: before a step that is tried again others may be done.
fn held(run: &Run) -> BTreeSet<&str> {
    let mut held = BTreeSet::new();
    let (mut open, mut through): (Vec<_>, Vec<_>) = run.steps.iter().partition(|step| !step.lets_through());
    while !open.is_empty() {
        held.extend(open.iter().flat_map(|step| [step.id.as_str(), step.of.as_str()]));
        let waits = |step: &&RunStep| step.after.iter().any(|name| held.contains(name.as_str()));
        (open, through) = through.into_iter().partition(waits);
    }
    held
}

/// Whether nothing before it is held.
fn is_ready(held: &BTreeSet<&str>, after: &[String]) -> bool {
    !after.iter().any(|name| held.contains(name.as_str()))
}

/// The first gate whose turn it is, unless one is open.
fn open_gate(run: &mut Run, now: Millis) {
    if run.pending().is_some() {
        return;
    }
    let Some(id) = ready_gate(run) else { return };
    let Some(step) = run.step_mut(&id) else { return };
    step.status = StepStatus::Waiting;
    step.attempt = step.next_attempt();
    if let Task::Gate { round, expires_at, expires_in_s, .. } = &mut step.task {
        *round = round.saturating_add(1);
        *expires_at = Some(now.plus(expires_in_s.saturating_mul(1_000)));
    }
    let Some(gate) = run.pending() else { return };
    let subject = format!("{}/gate/{}/{}", run.id, gate.gate, gate.round);
    run.tell(Notice { gate: Some(gate), ..Notice::new(Kind::Waiting, subject, now) });
}

fn ready_gate(run: &Run) -> Option<String> {
    let held = held(run);
    let is_next =
        |step: &&RunStep| !step.is_job() && step.status == StepStatus::Blocked && is_ready(&held, &step.after);
    run.steps.iter().find(is_next).map(|step| step.id.clone())
}

/// Whether anything more can become of it by itself or by a person at a gate or at a pause.
fn can_move(run: &Run) -> bool {
    let moves = |status| matches!(status, StepStatus::Queued | StepStatus::Waiting);
    run.steps.iter().any(|step| step.status.is_under_way() || moves(step.status)) || ready_gate(run).is_some()
}

/// Why it isn't done, when nothing moves any more.
fn missed(run: &Run) -> Option<Failure> {
    if run.steps.iter().all(|step| step.lets_through()) {
        return None;
    }
    let stops = |step: &&RunStep| match step.status {
        StepStatus::Failed => !step.optional,
        // Other steps were tried again than the gate that was rejected.
        status => status == StepStatus::Rejected,
    };
    let stopping: Vec<_> = run.steps.iter().filter(stops).map(|step| step.id.as_str()).collect();
    Some(Failure::new("step_failed", format!("Failed: {}.", stopping.join(", "))))
}

/// It ends: what didn't begin won't.
pub(crate) fn end(run: &mut Run, status: Status, why: Option<Failure>, now: Millis) {
    for step in &mut run.steps {
        if matches!(step.status, StepStatus::Blocked | StepStatus::Queued | StepStatus::Waiting) {
            step.status = StepStatus::Cancelled;
        }
    }
    run.status = status;
    run.ended_at = Some(now);
    run.error.clone_from(&why);
    (run.pause, run.hold_until) = (None, None);
    run.ends = run.ends.saturating_add(1);
    let kind = match status {
        Status::Done => Kind::Done,
        Status::Cancelled => Kind::Cancelled,
        _ => Kind::Failed,
    };
    let subject = format!("{}/end/{}", run.id, run.ends);
    run.tell(Notice { failure: why, ..Notice::new(kind, subject, now) });
}

/// It is paused; the first reason stays until somebody continues it.
pub(crate) fn pause(run: &mut Run, why: Failure, now: Millis) {
    if run.status.is_over() || run.pause.is_some() {
        return;
    }
    run.pauses = run.pauses.saturating_add(1);
    let subject = format!("{}/pause/{}", run.id, run.pauses);
    run.pause = Some(why.clone());
    run.tell(Notice { failure: Some(why), ..Notice::new(Kind::Paused, subject, now) });
}

/// Whether the run's time or that of its open gate is over.
pub(crate) fn is_expiry_due(run: &Run, now: Millis) -> bool {
    !run.status.is_over() && (run.is_too_old(now) || run.pending().is_some_and(|gate| gate.expires_at <= now))
}

/// Ends what is too old, and closes a gate whose time is over.
pub(crate) fn expire(run: &mut Run, now: Millis) {
    if !is_expiry_due(run, now) {
        return;
    }
    if run.is_too_old(now) {
        let why = Failure::new("expired", "The run wasn't over after seven days.");
        return end(run, Status::Failed, Some(why), now);
    }
    let Some(gate) = run.pending() else { return };
    if let Some(step) = run.step_mut(&gate.gate) {
        step.status = StepStatus::Blocked;
    }
    let why = Failure::new("gate_expired", format!("Nobody decided {} in time.", gate.gate));
    pause(run, why, now);
}
