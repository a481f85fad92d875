//! A look at a job: the vendor is asked how it is, and when it is over its permit is settled.

use std::time::Duration;

use calendar::Millis;
use events::Event;
use kv_schemas::Store;
use shell::{Problem, host, offline};

use super::{
    close::close,
    record::{self, Job, MAX_MS, State},
};
use crate::{
    bindings::{
        adapter::{self, NoGood, Operation, Progress},
        limits::Usage,
    },
    permits::{self, used},
    problems::{garbled, unplannable},
    vendor::{self, Vendor, attempt, upstream},
};

/// How long a vendor may take to say how a job is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether it is time to ask the vendor: as planned, or because its webhook said something.
pub fn is_due(store: &dyn Store, job: &Job) -> Result<bool, Problem> {
    let hinted = || record::hint(&job.id).exists(store).map_err(|error| offline(&error));
    Ok(!job.state.is_over() && (job.next_look <= host::now() || (job.vendor_id.is_some() && hinted()?)))
}

/// Looks, and gives the job as it is then. A vendor that can't be asked changes nothing but the time of the next look.
pub async fn look(store: &dyn Store, mut job: Job) -> Result<Job, Problem> {
    // Before the vendor is asked: a hint that comes meanwhile is another one.
    record::hint(&job.id).delete(store).map_err(|error| offline(&error))?;
    let now = host::now();
    if job.is_unsent() {
        // Its run didn't come to it within the time.
        return abandon(store, job, "not_started", "The job was never handed to the vendor.");
    }
    if let Some(refused) = job.refused.clone() {
        return abandon(store, job, &refused.code, &refused.message);
    }
    let Some(vendor_id) = job.vendor_id.clone() else {
        return over(store, job, &Usage::Unknown, State::failed("lost", "Nobody knows whether the job began.", now));
    };
    job.looked(now);
    // Before the vendor is asked: one that takes its time isn't asked by everybody meanwhile, nor first again in the next
    // run.
    record::record(&job.id).set(store, &job).map_err(|error| offline(&error))?;
    let asked = ask(&job, &vendor_id).await;
    if let Ok(adapter::JobState { vendor_id: Some(named), .. }) = &asked
        && *named != vendor_id
    {
        record::alias(store, &job, named).map_err(|error| offline(&error))?;
    }
    match asked {
        Ok(state) => match end(&state, now) {
            Some(end) => over(store, job, &used(state.usage), end),
            None if matches!(state.progress, Progress::Queued) => later(store, job, State::Queued),
            None => later(store, job, State::Running),
        },
        Err(problem) => {
            shell::warn!("looking", about = job.id, code = problem.code, message = problem.message);
            let state = job.state.clone();
            later(store, job, state)
        }
    }
}

/// The end that the vendor tells of, if it does.
fn end(state: &adapter::JobState, now: Millis) -> Option<State> {
    match &state.progress {
        Progress::Done(result) => {
            Some(State::Done { result: serde_json::from_slice(result).unwrap_or_default(), at: now })
        }
        Progress::Failed(failure) => Some(State::failed(&failure.code, &failure.message, now)),
        Progress::Queued | Progress::Running => None,
    }
}

/// A job whose vendor was done with it at once is over at once. If that can't be written down now, the next look finds it.
pub fn concluded(store: &dyn Store, job: Job, state: adapter::JobState) -> Job {
    let Some(end) = end(&state, host::now()) else { return job };
    over(store, job.clone(), &used(state.usage), end).unwrap_or_else(|problem| {
        shell::warn!("concluding", about = job.id, code = problem.code, message = problem.message);
        job
    })
}

/// Gives up a job that no vendor was called for, or that it has refused. An error means that it is to be tried again: its
/// permit is still held. What if we crash in between? It is released again, to no effect.
pub fn abandon(store: &dyn Store, job: Job, code: &str, message: &str) -> Result<Job, Problem> {
    permits::give_back(&job.permit)?;
    let state = State::failed(code, message, host::now());
    finish(store, Job { state, ..job })
}

async fn ask(job: &Job, vendor_id: &str) -> Result<adapter::JobState, Problem> {
    let vendor = vendor::as_bound(&job.tenant, &job.provider, &job.binding)
        .ok_or_else(|| Problem::not_found("The vendor is not offered any more."))?;
    let operation = Operation::JobLook(vendor_id.to_owned());
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let vault = host::vault().await?;
    let called = upstream::call(&vault, &vendor, &planned, &job.id, PATIENCE).await;
    let mut answer = called.map_err(upstream::Failure::into_problem)?;
    let body = answer.body.whole(planned.max_answer_bytes).await?;
    read(&vendor, &operation, &answer.head, &body)
}

fn read(
    vendor: &Vendor,
    operation: &Operation,
    head: &adapter::AnswerHead,
    body: &[u8],
) -> Result<adapter::JobState, Problem> {
    if !upstream::is_success(head) {
        return Err(attempt::explained(vendor, head.status, adapter::explain(vendor.name(), head, body)));
    }
    adapter::read_job(vendor.name(), operation, body).map_err(|no_good| match no_good {
        NoGood::Refused(failure) => attempt::explained(vendor, head.status, failure),
        NoGood::Garbled(what) => garbled(vendor.name(), &what),
    })
}

/// Not over yet, unless it has taken too long: then nobody will ever know what it used.
fn later(store: &dyn Store, mut job: Job, state: State) -> Result<Job, Problem> {
    let now = host::now();
    if now.since(job.started_at) > MAX_MS {
        return over(store, job, &Usage::Unknown, State::failed("timeout", "The job took too long.", now));
    }
    // Another look may have found it over meanwhile: what is over stays so.
    let known = record::record(&job.id).get(store).map_err(|error| offline(&error))?;
    if let Some(known) = known.filter(|known| known.state.is_over()) {
        return Ok(known);
    }
    if job.state != state {
        job.state = state;
        record::record(&job.id).set(store, &job).map_err(|error| offline(&error))?;
    }
    // Also where nothing changed: the record was written before the vendor was asked.
    record::keep_listed(store, &mut job).map_err(|error| offline(&error))?;
    Ok(job)
}

/// The permit first: what if we crash before the record? The next look finds the same and settles nothing twice.
fn over(store: &dyn Store, job: Job, used: &Usage, state: State) -> Result<Job, Problem> {
    permits::resolve(&job.permit, used)?;
    let job = Job { state, ..job };
    // Of one that never got a vendor's id its caller has heard an error. What if we crash after telling? It is told again,
    // as the same event.
    if job.vendor_id.is_some() {
        let kind = if matches!(job.state, State::Done { .. }) { "job.done" } else { "job.failed" };
        let event = Event::new(kind, &job.id, host::now(), job.session.as_deref(), job.shown());
        events::emit(store, &job.tenant, &event).map_err(|error| offline(&error))?;
    }
    finish(store, job)
}

fn finish(store: &dyn Store, job: Job) -> Result<Job, Problem> {
    close(store, &job).map_err(|error| offline(&error))?;
    Ok(job)
}
