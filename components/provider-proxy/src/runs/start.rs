//! The start of one step's job; see the table in [`super::drive`].

use calendar::SECOND;
use runs::{Fact, Failure, Run, Task, Then, expand};
use serde_json::{Map, Value as Json};
use shell::{KeyValue, Problem, host, offline};

use super::{
    links,
    standing::{is_standing, revoked},
};
use crate::{
    bindings::sessions::{Caller, Grant},
    jobs::{self, Body, Job},
    permits,
    vendor::attempt::{self, Admitted},
};

/// How long a vendor may take to begin a job.
const WITHIN_MS: u64 = 18 * SECOND;

/// A step that is to begin.
pub struct Planned {
    pub step: String,
    pub attempt: u32,
    pub job: String,
    pub token: String,
    pub provider: Option<String>,
    pub kind: String,
    pub input: Map<String, Json>,
}

/// A job that no vendor has been called for.
pub struct Unsent {
    job: Job,
    /// As it was planned just now; without it, it is planned once more.
    planned: Option<(jobs::Planned, Admitted)>,
}

/// The same, and everything that the call needs.
pub struct Ready {
    job: Job,
    planned: jobs::Planned,
    admitted: Admitted,
}

impl Planned {
    pub fn starting(&self) -> Fact {
        Fact::Starting { step: self.step.clone(), attempt: self.attempt }
    }

    fn refused(self, problem: &Problem) -> Fact {
        let kind = serde_json::to_value(problem.kind).unwrap_or_default();
        let then = Then::of(kind.as_str().unwrap_or_default(), &problem.code, problem.retry_after_ms);
        let why = Failure::new(&problem.code, &problem.message);
        Fact::StartRefused { step: self.step, attempt: self.attempt, why, then }
    }
}

impl Unsent {
    /// Notes it once.
    pub fn note(unsent: &mut Vec<Self>, job: Job) {
        if unsent.iter().all(|known| known.job.id != job.id) {
            unsent.push(Self { job, planned: None });
        }
    }
}

/// Reserves and enlists. An error means that the store is in trouble: the step stays as it is, and is begun again.
pub async fn begin(
    store: &KeyValue,
    run: &Run,
    start: Planned,
    unsent: &mut Vec<Unsent>,
) -> Result<Vec<Fact>, Problem> {
    if jobs::record(&start.job).exists(store).map_err(|error| offline(&error))? {
        // An earlier try got so far: the next turn looks at it.
        let job = jobs::record(&start.job).get(store).map_err(|error| offline(&error))?;
        return Ok(job.map(|job| started(start, &job)).into_iter().collect());
    }
    if !is_standing(store, run).map_err(|error| offline(&error))? {
        return Ok(vec![start.refused(&revoked())]);
    }
    let grant = grant(run);
    let body = Body { provider: start.provider.clone(), kind: start.kind.clone(), input: start.input.clone() };
    let base = links::base(run).await;
    let planned = jobs::Planned::asked(store, &grant, start.job.clone(), body, base.as_deref()).await;
    let planned = match planned {
        Ok(planned) => planned,
        Err(problem) => return Ok(vec![start.refused(&problem)]),
    };
    let admitted = match attempt::admit(store, &planned.vendor) {
        Ok(admitted) => admitted,
        Err(problem) => return Ok(vec![start.refused(&problem)]),
    };
    let ask = planned.ask_for_later(&grant, &start.token);
    let permit = match permits::reserve_now(&run.id, &ask) {
        Ok(permit) => permit,
        Err(problem) => {
            admitted.unused(store, &planned.vendor);
            return Ok(vec![start.refused(&problem)]);
        }
    };
    let Some(mut job) = planned.job_of_run(&grant, &permit, (&run.id, &start.step), host::now()) else {
        // Reserved long ago by a try that got no further: too little of its time is left.
        admitted.unused(store, &planned.vendor);
        // Failing to give it back leaves the step as it is: forgotten, the permit would be charged.
        permits::give_back(&permit.id)?;
        let why = Problem::conflict("permit_expired", "The permit of an earlier try is too old.");
        return Ok(vec![start.refused(&why)]);
    };
    // Failing here releases nothing: the next try gets the same permit by the same token.
    jobs::enlist(store, &mut job).map_err(|error| offline(&error))?;
    let fact = started(start, &job);
    unsent.push(Unsent { job, planned: Some((planned, admitted)) });
    Ok(vec![fact])
}

fn started(start: Planned, job: &Job) -> Fact {
    let (job, permit) = (job.id.clone(), job.permit.clone());
    Fact::Started { step: start.step, attempt: start.attempt, job, permit }
}

/// What the call needs; nothing where it can't be made now.
pub async fn ready(store: &KeyValue, run: &Run, unsent: Unsent) -> Option<Ready> {
    let job = unsent.job;
    if let Some((planned, admitted)) = unsent.planned {
        return Some(Ready { job, planned, admitted });
    }
    let planned = match again(store, run, &job).await {
        Ok(planned) => planned,
        Err(problem) => {
            if let Err(problem) = jobs::abandon(store, job, &problem.code, &problem.message) {
                shell::warn!("abandoning", code = problem.code, message = problem.message);
            }
            return None;
        }
    };
    // A vendor that is left alone for a while is called later.
    let admitted = attempt::admit(store, &planned.vendor).ok()?;
    Some(Ready { job, planned, admitted })
}

async fn again(store: &KeyValue, run: &Run, job: &Job) -> Result<jobs::Planned, Problem> {
    if !is_standing(store, run).map_err(|error| offline(&error))? {
        return Err(revoked());
    }
    let unknown = || Problem::not_found("The step is gone.");
    let id = job.run.as_ref().map(|of| of.step.as_str()).unwrap_or_default();
    let step = run.step(id).ok_or_else(unknown)?;
    let Task::Job { provider, kind, .. } = &step.task else { return Err(unknown()) };
    let input = expand(run, step).map_err(|why| Problem::conflict(&why.code, why.message))?;
    let body = Body { provider: provider.clone(), kind: kind.clone(), input };
    jobs::Planned::again(store, job, body, links::base(run).await.as_deref()).await
}

impl Ready {
    /// Calls the vendor. `fence` refuses once another may be at it.
    pub async fn call(self, fence: &KeyValue) {
        let Self { mut job, planned, admitted } = self;
        let id = job.id.clone();
        let outcome = async {
            // From here to the first byte on its way nothing is waited for.
            if !jobs::mark_sent(fence, &mut job, host::now()).map_err(|error| offline(&error))? {
                admitted.unused(fence, &planned.vendor);
                return Ok(());
            }
            // The job's own record from now on: whatever becomes of the lease, this call writes down how it ended.
            let store = KeyValue::open().map_err(|error| offline(&error))?;
            let called = jobs::hand_over(&store, &planned, job, admitted, WITHIN_MS).await;
            called.map(drop).map_err(|failed| failed.problem().clone())
        };
        let outcome: Result<(), Problem> = outcome.await;
        if let Err(problem) = outcome {
            shell::warn!("starting", about = id, code = problem.code, message = problem.message);
        }
    }
}

/// The run acts for the key that began it.
fn grant(run: &Run) -> Grant {
    Grant {
        caller: Caller::Server,
        tenant: run.tenant.clone(),
        session: None,
        credential: run.credential.clone(),
        channel: run.channel.clone(),
        capabilities: Vec::new(),
        module: None,
        behavior: None,
        origin: None,
    }
}
