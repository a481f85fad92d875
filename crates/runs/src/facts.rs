//! What can happen to a run, and what each does to its record.

use calendar::{MINUTE, Millis, SECOND};
use serde_json::Value as Json;

use crate::{
    approval::Approval,
    asked,
    error::{Failure, Refused},
    json,
    run::{MAX_RUNNING, Run, RunStep},
    settle,
    status::{Decision, Status, StepStatus},
    step::Step,
};

/// The most bytes of a result that a run keeps, and of all results; the job's own record has more.
const MAX_RESULT: usize = 64 * 1024;
const MAX_RESULTS: usize = 512 * 1024;
/// How long no job begins after a limit said no.
const HOLD_MS: std::ops::RangeInclusive<u64> = SECOND..=MINUTE;

/// Something that happened. Facts about a step name its attempt: what is said of an earlier one changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A job is about to be begun: written down before it is. Refused with [`Refused::NotNow`] where it may not begin.
    Starting {
        /// Which step.
        step: String,
        /// As planned.
        attempt: u32,
    },
    /// The vendor has been asked to begin.
    Started {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// The job's id.
        job: String,
        /// The permit's id.
        permit: String,
    },
    /// It wasn't begun, and there is no job record.
    StartRefused {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Why, as the problem's code and message say.
        why: Failure,
        /// What follows; see [`Then::of`].
        then: Then,
    },
    /// Its job has ended.
    JobOver {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// What came out.
        outcome: Result<Json, Failure>,
    },
    /// There is no job record under the attempt's id: a step that was being begun hasn't begun. (A permit may be held
    /// under its token; it comes back when the step is begun again, or is settled as overdue.)
    JobMissing {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
    },
    /// A person decided, by a link whose mac is good.
    Decided {
        /// The link.
        link: Approval,
        /// What.
        decision: Decision,
        /// May be empty.
        comment: String,
    },
    /// Somebody continues it.
    Continue {
        /// Added at the end of the queue.
        steps: Vec<Step>,
        /// Failed steps, or the step as it was asked for.
        retry: Vec<String>,
    },
    /// Somebody stops it.
    Cancel,
    /// Time has passed: see [`crate::Action::Expire`].
    Expired,
    /// The oldest untold notice with this subject has been told.
    Told {
        /// Of the notice.
        subject: String,
    },
}

/// What follows when a job couldn't be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The run is paused; another attempt is made when it is continued.
    Pause,
    /// Another attempt is made later.
    Later {
        /// When the refusal said so.
        after_ms: Option<u64>,
    },
    /// Nobody knows how far it got: the same attempt is made later.
    Again {
        /// When the refusal said so.
        after_ms: Option<u64>,
    },
    /// The step has failed.
    Fail,
}

impl Then {
    /// By the refusal's type (as in the HTTP interface) and code.
    #[must_use]
    pub fn of(kind: &str, code: &str, after_ms: Option<u64>) -> Self {
        match (kind, code) {
            // A permit under the same token is being reserved, or was cut off unknown to its token.
            ("conflict", "in_progress") | ("offline" | "internal", _) => Self::Again { after_ms },
            ("burst" | "rate_limited" | "conflict" | "vendor_error" | "vendor_timeout", _) => Self::Later { after_ms },
            ("hard_cap" | "forbidden" | "unauthenticated", _) | (_, "unpriced" | "text_only") => Self::Pause,
            _ => Self::Fail,
        }
    }
}

/// Takes a fact in; what follows from it is for [`settle::settle`].
pub(crate) fn take(run: &mut Run, fact: Fact, now: Millis) -> Result<(), Refused> {
    match fact {
        Fact::Starting { step, attempt } => starting(run, &step, attempt, now),
        Fact::Continue { steps, retry } => asked::go_on(run, &steps, &retry, now),
        Fact::Decided { link, decision, comment } => asked::decided(run, &link, decision, &comment, now),
        Fact::Cancel => match run.status {
            Status::Cancelled => Ok(()),
            Status::Done | Status::Failed => Err(Refused::RunOver),
            _ => {
                settle::end(run, Status::Cancelled, None, now);
                Ok(())
            }
        },
        // Time is looked at with every fact.
        Fact::Expired => Ok(()),
        Fact::Told { subject } => {
            run.untold.retain(|notice| notice.subject != subject);
            Ok(())
        }
        Fact::Started { step, attempt, job, permit } => {
            if let Some(step) = under_way(run, &step, attempt) {
                step.status = StepStatus::Running;
                step.job = Some(job);
                step.permit = Some(permit);
                run.refusals = 0;
            }
            Ok(())
        }
        Fact::StartRefused { step, attempt, why, then } => {
            refused(run, &step, attempt, why, then, now);
            Ok(())
        }
        Fact::JobOver { step, attempt, outcome } => {
            let left = MAX_RESULTS.saturating_sub(run.result_bytes());
            if let Some(step) = under_way(run, &step, attempt) {
                over(step, outcome, left);
            }
            Ok(())
        }
        Fact::JobMissing { step, attempt } => {
            missing(run, &step, attempt);
            Ok(())
        }
    }
}

/// The step, if this attempt of it is under way: everything else said of it comes too late.
fn under_way<'a>(run: &'a mut Run, id: &str, attempt: u32) -> Option<&'a mut RunStep> {
    run.step_mut(id).filter(|step| step.status.is_under_way() && step.attempt == attempt)
}

fn starting(run: &mut Run, id: &str, attempt: u32, now: Millis) -> Result<(), Refused> {
    let may_begin = run.may_begin(now);
    let is_room = run.running() < MAX_RUNNING;
    let step = run.step_mut(id).ok_or(Refused::NotNow)?;
    match step.status {
        // Planned anew after a crash, or after nobody knew how far it got.
        StepStatus::Starting if may_begin && step.attempt == attempt => Ok(()),
        StepStatus::Queued if may_begin && is_room && attempt == step.next_attempt() => {
            step.status = StepStatus::Starting;
            step.attempt = attempt;
            (step.job, step.permit) = (None, None);
            Ok(())
        }
        _ => Err(Refused::NotNow),
    }
}

fn refused(run: &mut Run, id: &str, attempt: u32, why: Failure, then: Then, now: Millis) {
    let is_over = run.status.is_over();
    let Some(step) = run.step_mut(id) else { return };
    if step.status != StepStatus::Starting || step.attempt != attempt {
        return;
    }
    match then {
        Then::Fail => over(step, Err(why), 0),
        // Whether it has begun is found out by a look at the job record.
        Then::Again { after_ms } => run.hold(after_ms, now),
        Then::Later { .. } | Then::Pause if is_over => step.status = StepStatus::Cancelled,
        Then::Later { after_ms } => {
            step.status = StepStatus::Queued;
            run.hold(after_ms, now);
        }
        Then::Pause => {
            step.status = StepStatus::Queued;
            settle::pause(run, why, now);
        }
    }
}

/// `left` bytes are left for results.
fn over(step: &mut RunStep, outcome: Result<Json, Failure>, left: usize) {
    let kept = outcome.and_then(|result| {
        let small = json::bounded("result", &result, MAX_RESULT.min(left));
        small.map(|()| result).map_err(|invalid| {
            let message = format!("The result {}; the job's own record has it.", invalid.message);
            Failure::new("result_unusable", message)
        })
    });
    match kept {
        Ok(result) => {
            step.status = StepStatus::Done;
            step.result = Some(result);
            step.error = None;
        }
        Err(why) => {
            step.status = StepStatus::Failed;
            step.result = None;
            step.error = Some(why);
        }
    }
}

fn missing(run: &mut Run, id: &str, attempt: u32) {
    let is_over = run.status.is_over();
    let Some(step) = under_way(run, id, attempt) else { return };
    match step.status {
        StepStatus::Starting if is_over => step.status = StepStatus::Cancelled,
        // The same attempt is begun again, when it may be.
        StepStatus::Starting => {
            step.status = StepStatus::Queued;
            step.attempt = step.attempt.saturating_sub(1);
        }
        _ => over(step, Err(Failure::new("job_lost", "The job's record is gone.")), 0),
    }
}

impl Run {
    /// No job begins for a while: the longer, the more often in a row it couldn't. Each denied attempt leaves a record.
    fn hold(&mut self, after_ms: Option<u64>, now: Millis) {
        let backoff = HOLD_MS.start().saturating_mul(1 << self.refusals.min(6));
        let pause = after_ms.unwrap_or(0).max(backoff).min(*HOLD_MS.end());
        self.refusals = self.refusals.saturating_add(1);
        self.hold_until = Some(now.plus(pause));
    }

    fn result_bytes(&self) -> usize {
        self.steps.iter().filter_map(|step| step.result.as_ref()).map(json::weight).fold(0, usize::saturating_add)
    }
}

impl RunStep {
    /// The attempt that comes next.
    pub(crate) fn next_attempt(&self) -> u32 {
        self.attempt.saturating_add(1)
    }
}
