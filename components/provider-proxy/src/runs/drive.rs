//! The driver: does what a run's plan says, under the run's lease, and calls vendors outside of it.
//!
//! # How a job begins, and what a crash between any two effects leaves
//!
//! | # | effect                                   | crashed after it, the next driver finds                               |
//! |---|------------------------------------------|-----------------------------------------------------------------------|
//! | 1 | run: step `starting`, attempt n          | no job record: begins again, same job id, same permit token           |
//! | 2 | permit under token `run/step/n`          | the same, and the same permit comes back: nothing is reserved twice   |
//! | 3 | job record, listed, `sent: false`        | the record: the step is running, and 5 and 6 are still to be done     |
//! | 4 | run: step `running`, job, permit         | the same                                                              |
//! | - | the right to call is won, once per job   | nobody else wins it: the next driver writes 5, and calls nobody       |
//! | 5 | job record `sent: true`                  | nobody calls again: after three minutes it is `lost`, and charged     |
//! | 6 | the vendor is called                     | the same: the vendor may have begun it                                |
//! | 7 | job record with the vendor's id          | the job is under way: its own maintenance looks at it                 |
//!
//! 1 to 5 are written through a store that refuses everything before the lease can be another's, so no two drivers do any
//! of them at once. Should clocks differ by more than the lease allows for, still only one ever wins the right to call. That,
//! 5 and the first byte of 6 are one step of this program: nothing is waited for in between. The lease is given back as soon
//! as all calls are on their way, so a slow vendor keeps nobody from the run.

use std::{pin::pin, rc::Rc};

use futures::future::join_all;
use kv_schemas::{Store, families};
use runs::{Action, Fact, Failure, Kind as NoticeKind, Run, apply, plan, store};
use shell::{KeyValue, Problem, host, offline};

use super::{
    lease::Held,
    start::{self, Planned, Unsent},
    tell::tell,
};
use crate::jobs::{self, State};

/// Rounds of planning and doing in one drive: what is left is for the next.
const MAX_TURNS: usize = 12;

/// Drives a run if something is due. `false`: nothing was due, or somebody else is at it.
pub async fn drive(run: &Run) -> Result<bool, Problem> {
    let store = KeyValue::open().map_err(|error| offline(&error))?;
    if is_due(&store, run)? { drive_due(&run.id).await } else { Ok(false) }
}

/// Drives a run that something is due for. Runs are large: whoever calls this holds none, and none is held while vendors
/// are waited for.
pub async fn drive_due(id: &str) -> Result<bool, Problem> {
    let Some(held) = Held::take(id)? else { return Ok(false) };
    let ready = match work(&held.store, id).await {
        Ok(ready) => ready,
        Err(problem) => {
            held.release();
            return Err(problem);
        }
    };
    let fence = Rc::clone(&held.store);
    let mut calls = pin!(join_all(ready.into_iter().map(|ready| ready.call(&fence))));
    // Up to here and no further: each is noted as sent, and on its way.
    let begun = futures::poll!(calls.as_mut());
    held.release();
    if begun.is_pending() {
        calls.await;
    }
    Ok(true)
}

/// Whether there is anything to be done but to wait for jobs that go on.
pub fn is_due(store: &dyn Store, run: &Run) -> Result<bool, Problem> {
    for action in plan(run, host::now()) {
        let Action::Look { job, known: true, .. } = action else { return Ok(true) };
        let found = jobs::record(&job).get(store).map_err(|error| offline(&error))?;
        if found.is_none_or(|job| job.state.is_over() || job.is_unsent()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Asks vendors how the run's jobs are, where that is due: for gates that nobody maintains.
pub async fn look_at_jobs(store: &KeyValue, run: &Run) {
    let looks = run.steps.iter().filter(|step| step.status.is_under_way()).filter_map(|step| step.job.as_deref());
    join_all(looks.map(async |id| {
        let look = async {
            let Some(job) = jobs::record(id).get(store).map_err(|error| offline(&error))? else { return Ok(()) };
            if jobs::is_due(store, &job)? { jobs::look(store, job).await.map(drop) } else { Ok(()) }
        };
        let looked: Result<(), Problem> = look.await;
        if let Err(problem) = looked {
            shell::warn!("looking", about = id, code = problem.code, message = problem.message);
        }
    }))
    .await;
}

/// All that can be done without calling a vendor, and the jobs that vendors are to be called for.
async fn work(store: &KeyValue, id: &str) -> Result<Vec<start::Ready>, Problem> {
    let found = store::run(id).get(store).map_err(|error| offline(&error))?;
    let mut run = found.ok_or_else(|| Problem::not_found("There is no such run."))?;
    let mut unsent = Vec::new();
    let is_orphan = tenancy::find_tenant(store, &run.tenant).map_err(|error| offline(&error))?.is_none();
    if is_orphan && !run.status.is_over() && apply(&mut run, Fact::Cancel, host::now()).is_ok() {
        save(store, &mut run)?;
    }
    for _ in 0..MAX_TURNS {
        if !turn(store, &mut run, &mut unsent).await? {
            break;
        }
    }
    store::close_own(store, &run).map_err(|error| offline(&error))?;
    let mut ready = Vec::new();
    for unsent in unsent {
        ready.extend(start::ready(store, &run, unsent).await);
    }
    Ok(ready)
}

/// Does what is planned now; whether there was anything.
async fn turn(store: &KeyValue, run: &mut Run, unsent: &mut Vec<Unsent>) -> Result<bool, Problem> {
    let (mut facts, mut starts, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for action in plan(run, host::now()) {
        match action {
            // What if we crash after telling? It is told again, as the same event.
            Action::Tell(notice) => {
                tell(store, run, &notice).await?;
                told.push(notice.kind);
                facts.push(Fact::Told { subject: notice.subject });
            }
            Action::Expire => facts.push(Fact::Expired),
            Action::Look { step, attempt, job, known } => {
                facts.extend(look(store, run, step, attempt, &job, known, unsent)?);
            }
            Action::Start { step, attempt, job, token, provider, kind, input } => {
                starts.push(Planned { step, attempt, job, token, provider, kind, input });
            }
        }
    }
    let any = !facts.is_empty();
    facts.into_iter().for_each(|fact| take(run, fact));
    // What has become of the run meanwhile may not let them begin any more.
    starts.retain(|start| apply(run, start.starting(), host::now()).is_ok());
    if !any && starts.is_empty() {
        return Ok(false);
    }
    save(store, run)?;
    told.into_iter().for_each(|kind| count(store, kind));
    if starts.is_empty() {
        return Ok(true);
    }
    for start in starts {
        let facts = start::begin(store, run, start, unsent).await?;
        facts.into_iter().for_each(|fact| take(run, fact));
    }
    save(store, run)?;
    Ok(true)
}

/// One more run has ended, for the operator's numbers: once for each end, since its notice is told and saved as told under
/// the run's lease, and this comes after. What if we crash in between, or can't write it? One end less is counted, and none
/// twice. A run that is continued after it failed ends again.
fn count(store: &dyn Store, told: NoticeKind) {
    let Some(outcome) = outcome_of(told) else { return };
    if let Err(error) = families::RUN_COUNT.counter(&[outcome]).add(store, 1) {
        shell::warn!("run_count", about = outcome, error = error);
    }
}

fn outcome_of(told: NoticeKind) -> Option<&'static str> {
    match told {
        NoticeKind::Done => Some("ok"),
        NoticeKind::Failed => Some("failed"),
        NoticeKind::Cancelled => Some("cancelled"),
        NoticeKind::Started | NoticeKind::Waiting | NoticeKind::Paused => None,
    }
}

/// What a job's record says of its step.
fn look(
    store: &KeyValue,
    run: &Run,
    step: String,
    attempt: u32,
    job: &str,
    known: bool,
    unsent: &mut Vec<Unsent>,
) -> Result<Vec<Fact>, Problem> {
    let found = jobs::record(job).get(store).map_err(|error| offline(&error))?;
    let Some(mut job) = found else { return Ok(vec![Fact::JobMissing { step, attempt }]) };
    let mut facts = Vec::new();
    if !known {
        let (step, job, permit) = (step.clone(), job.id.clone(), job.permit.clone());
        facts.push(Fact::Started { step, attempt, job, permit });
    }
    if job.is_unsent() && !job.state.is_over() {
        if run.status.is_over() {
            job = jobs::abandon(store, job, "cancelled", "The run was over before the vendor was called.")?;
        } else {
            Unsent::note(unsent, job.clone());
        }
    }
    facts.extend(outcome(job.state).map(|outcome| Fact::JobOver { step, attempt, outcome }));
    Ok(facts)
}

fn outcome(state: State) -> Option<Result<serde_json::Value, Failure>> {
    match state {
        State::Queued | State::Running => None,
        State::Done { result, .. } => Some(Ok(result)),
        State::Failed { code, message, .. } => Some(Err(Failure::new(&code, message))),
    }
}

/// Facts of the driver come too late at worst, and change nothing then.
fn take(run: &mut Run, fact: Fact) {
    if let Err(refusal) = apply(run, fact, host::now()) {
        shell::warn!("run", about = run.id, error = refusal);
    }
}

fn save(store: &dyn Store, run: &mut Run) -> Result<(), Problem> {
    store::save(store, run).map_err(|error| offline(&error))
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn ops_1_ends_are_counted_by_how_they_were_and_nothing_else_is() {
        let store = Memory::default();
        for kind in [
            NoticeKind::Started,
            NoticeKind::Waiting,
            NoticeKind::Done,
            NoticeKind::Paused,
            NoticeKind::Failed,
            NoticeKind::Done,
            NoticeKind::Cancelled,
        ] {
            count(&store, kind);
        }
        let counted = |outcome: &str| families::RUN_COUNT.counter(&[outcome]).read(&store).unwrap();
        assert_eq!(["ok", "failed", "cancelled"].map(counted), [2, 1, 1]);
    }
}
