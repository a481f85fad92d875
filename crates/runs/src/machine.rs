//! The state machine's two ends: what is to be done, and what has become of it.

use calendar::Millis;
use serde_json::{Map, Value as Json};

use crate::{
    error::Refused,
    facts::{self, Fact},
    ids::{job_id, permit_token},
    notice::Notice,
    run::{MAX_AGE, MAX_RUNNING, Run, RunStep, Task},
    settle,
    status::StepStatus,
    template::expand,
};

/// Something to be done for a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Begin a job: apply [`Fact::Starting`] first, and write it down (see the crate's documentation).
    Start {
        /// Which step.
        step: String,
        /// Which attempt of it.
        attempt: u32,
        /// The job's id.
        job: String,
        /// What names its permit.
        token: String,
        /// Which vendor, if not the tenant's usual one.
        provider: Option<String>,
        /// What kind of job.
        kind: String,
        /// With everything filled in.
        input: Map<String, Json>,
    },
    /// Read the job's record: [`Fact::Started`] if it wasn't known, [`Fact::JobOver`] if it has ended,
    /// [`Fact::JobMissing`] if there is none. Nothing to apply while it goes on.
    Look {
        /// Which step.
        step: String,
        /// Which attempt of it.
        attempt: u32,
        /// The job's id.
        job: String,
        /// Whether the run knows the job already; else [`Fact::Started`] comes first.
        known: bool,
    },
    /// A time is over: apply [`Fact::Expired`].
    Expire,
    /// Tell outsiders, then apply [`Fact::Told`]. Told twice after a crash, by the same subject.
    Tell(Notice),
}

/// What is to be done for the run now, in this order; nothing while it waits for others. Applying a fact may change the
/// rest: whoever acts on an old plan is told so ([`Refused::NotNow`]), or its facts change nothing.
#[must_use]
pub fn plan(run: &Run, now: Millis) -> Vec<Action> {
    let mut actions: Vec<_> = run.untold.iter().cloned().map(Action::Tell).collect();
    if settle::is_expiry_due(run, now) {
        actions.push(Action::Expire);
        return actions;
    }
    actions.extend(run.steps.iter().filter_map(|step| go_on(run, step, now)));
    if run.may_begin(now) {
        let queued = run.steps.iter().filter(|step| step.status == StepStatus::Queued);
        let room = MAX_RUNNING.saturating_sub(run.running());
        actions.extend(queued.filter_map(|step| begin(run, step, step.next_attempt())).take(room));
    }
    actions
}

/// Takes in what happened, and gives what outsiders learn by it; the same notices stand in [`Run::untold`] until
/// [`Fact::Told`]. Facts that come too late change nothing; what a person may not do is refused.
///
/// # Errors
/// It is refused; the run is as it was.
pub fn apply(run: &mut Run, fact: Fact, now: Millis) -> Result<Vec<Notice>, Refused> {
    let mut next = run.clone();
    settle::expire(&mut next, now);
    facts::take(&mut next, fact, now)?;
    settle::settle(&mut next, now);
    let known: Vec<_> = run.untold.iter().map(|notice| notice.subject.as_str()).collect();
    let new = next.untold.iter().filter(|notice| !known.contains(&notice.subject.as_str())).cloned().collect();
    *run = next;
    Ok(new)
}

/// For a step that is under way.
fn go_on(run: &Run, step: &RunStep, now: Millis) -> Option<Action> {
    let look = |known| {
        let job = step.job.clone().unwrap_or_else(|| job_id(&run.id, &step.id, step.attempt));
        Some(Action::Look { step: step.id.clone(), attempt: step.attempt, job, known })
    };
    match step.status {
        StepStatus::Running => look(true),
        // Cut off while it was begun. What can't be begun now is only looked for.
        StepStatus::Starting if run.may_begin(now) => begin(run, step, step.attempt).or_else(|| look(false)),
        StepStatus::Starting if run.is_held(now) => None,
        StepStatus::Starting => look(false),
        _ => None,
    }
}

fn begin(run: &Run, step: &RunStep, attempt: u32) -> Option<Action> {
    let Task::Job { provider, kind, .. } = &step.task else { return None };
    Some(Action::Start {
        step: step.id.clone(),
        attempt,
        job: job_id(&run.id, &step.id, attempt),
        token: permit_token(&run.id, &step.id, attempt),
        provider: provider.clone(),
        kind: kind.clone(),
        input: expand(run, step).ok()?,
    })
}

impl Run {
    /// Whether jobs may begin now.
    pub(crate) fn may_begin(&self, now: Millis) -> bool {
        !self.status.is_over() && self.pause.is_none() && self.hold_until.is_none_or(|until| until <= now)
    }

    /// Whether jobs may begin, but a little later.
    fn is_held(&self, now: Millis) -> bool {
        !self.status.is_over() && self.pause.is_none() && !self.may_begin(now)
    }

    pub(crate) fn is_too_old(&self, now: Millis) -> bool {
        now.since(self.created_at) >= MAX_AGE
    }
}
