//! The start of a job that a caller waits for: permit, record, vendor, in this order.

use kv_schemas::Store;
use shell::{Call, KeyValue, Problem, host, offline};

use super::{
    close::close,
    look,
    plan::{Body, Planned},
    record::{self, Job, Refused, State, by_vendor},
};
use crate::{
    bindings::{
        adapter::{self, JobState, NoGood},
        limits::Usage,
        sessions::Grant,
    },
    keyed::{self, Failed},
    metered::about,
    permits,
    problems::garbled,
    vendor::{
        attempt::{self, Admitted, Effort, Patience, Refusal},
        callback, upstream,
    },
};

/// Starts it. `token` names its permit, where the caller sent an idempotency key.
pub async fn start(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    body: Body,
    token: Option<&str>,
) -> Result<Job, Failed> {
    let id = host::new_id("job_");
    let planned = Planned::asked(store, grant, id, body, callback::base(call).await.as_deref()).await?;
    begin_planned(call, store, grant, &planned, token, |_| Ok(())).await
}

/// The same for a job that is planned. `noted` hears of it before the vendor is called, once it is on the list.
pub async fn begin_planned(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    planned: &Planned,
    token: Option<&str>,
    noted: impl FnOnce(&Job) -> Result<(), Problem>,
) -> Result<Job, Failed> {
    let admitted = attempt::admit(store, &planned.vendor)?;
    let permit = match keyed::first(permits::reserve(call, &planned.ask(grant, token)).await) {
        Ok(permit) => permit,
        Err(failed) => {
            admitted.unused(store, &planned.vendor);
            return Err(failed);
        }
    };
    let mut job = planned.job(grant, &permit.id, host::now());
    // On the list before the vendor is called: what if we crash in between? The slow poll finds a job that no vendor
    // knows, and has it charged in full: the vendor may have begun it.
    if let Err(error) = record::enlist(store, &mut job) {
        permits::release(&permit.id);
        return Err(Failed::Free(offline(&error)));
    }
    if let Err(problem) = noted(&job) {
        admitted.unused(store, &planned.vendor);
        give_up(store, job, &problem, None).map_err(|error| Failed::Free(offline(&error)))?;
        return Err(Failed::Free(about(problem, &permit)));
    }
    hand_over(store, planned, job, admitted, upstream::REQUEST_MS).await.map_err(|failed| match failed {
        Failed::Free(problem) => Failed::Free(about(problem, &permit)),
        Failed::Charged(problem) => Failed::Charged(about(problem, &permit)),
        early @ Failed::Early(_) => early,
    })
}

/// Calls the vendor with a job that is enlisted, within so many milliseconds. The job as it is then; or why it is over.
pub async fn hand_over(
    store: &dyn Store,
    planned: &Planned,
    mut job: Job,
    admitted: Admitted,
    within_ms: u64,
) -> Result<Job, Failed> {
    match send(store, planned, &job, admitted, within_ms).await {
        Ok(state) => {
            begun(store, &mut job, &state).map_err(|error| Failed::Charged(offline(&error)))?;
            Ok(look::concluded(store, job, state))
        }
        Err((problem, used)) => {
            let failed = if used.is_some() { Failed::Charged } else { Failed::Free };
            give_up(store, job, &problem, used).map_err(|error| failed(offline(&error)))?;
            Err(failed(problem))
        }
    }
}

/// The call; an error says what may have been used.
async fn send(
    store: &dyn Store,
    planned: &Planned,
    job: &Job,
    admitted: Admitted,
    within_ms: u64,
) -> Result<JobState, (Problem, Option<Usage>)> {
    let Planned { vendor, operation, call, vault, .. } = planned;
    // A vendor that knows a repeat by its key begins the job once, however often it is asked.
    let patience = if call.idempotency_header.is_some() { Patience::Retrying } else { Patience::Careful };
    let effort = Effort { patience, deadline: host::now().plus(within_ms) };
    let made = attempt::make(store, vault, vendor, call, &job.id, effort, admitted).await;
    let mut answer = made.map_err(|refusal| match refusal {
        Refusal::Free(problem) => (problem, None),
        Refusal::Lost(problem) => (problem, Some(Usage::Unknown)),
    })?;
    let unknown = |problem| (problem, Some(Usage::Unknown));
    let body = answer.body.whole(call.max_answer_bytes).await.map_err(unknown)?;
    let state = adapter::read_job(vendor.name(), operation, &body).map_err(|no_good| match no_good {
        NoGood::Refused(failure) => (attempt::explained(vendor, answer.head.status, failure), None),
        NoGood::Garbled(what) => unknown(garbled(vendor.name(), &what)),
    })?;
    match state.vendor_id {
        Some(_) => Ok(state),
        None => Err(unknown(garbled(vendor.name(), "the answer names no job"))),
    }
}

/// The vendor knows it. The note of its id comes first: a webhook may be quick.
fn begun(store: &dyn Store, job: &mut Job, state: &JobState) -> Result<(), kv_schemas::StoreError> {
    if let Some(vendor_id) = &state.vendor_id {
        by_vendor(job, vendor_id).set(store, &job.id)?;
        job.vendor_id = Some(vendor_id.clone());
    }
    job.looked(host::now());
    record::record(&job.id).set(store, job)?;
    // A look may have thought it lost, and closed it.
    record::keep_listed(store, job)
}

/// It never began, or nobody knows whether it did.
fn give_up(
    store: &dyn Store,
    mut job: Job,
    problem: &Problem,
    used: Option<Usage>,
) -> Result<(), kv_schemas::StoreError> {
    match used {
        None => {
            let given_back = permits::give_back(&job.permit);
            return refuse(store, job, problem, given_back);
        }
        Some(used) => permits::settle_later(&job.permit, &used),
    }
    job.state = State::failed(&problem.code, &problem.message, host::now());
    close(store, &job)
}

/// It never began. What if we crash before? Nobody knows that, and it is charged as one that may have.
fn refuse(
    store: &dyn Store,
    mut job: Job,
    problem: &Problem,
    given_back: Result<(), Problem>,
) -> Result<(), kv_schemas::StoreError> {
    if let Err(trouble) = given_back {
        shell::warn!("permit", about = job.id, code = trouble.code, message = trouble.message);
        // Whoever looks tries again.
        job.refused = Some(Refused { code: problem.code.clone(), message: problem.message.clone() });
        job.looked(host::now());
        record::record(&job.id).set(store, &job)?;
        return record::keep_listed(store, &mut job);
    }
    job.state = State::failed(&problem.code, &problem.message, host::now());
    close(store, &job)
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use serde_json::json;
    use shell::Kind;

    use super::*;
    use crate::bindings::adapter::Progress;

    fn sent(store: &Memory) -> Job {
        let mut job: Job = serde_json::from_value(json!({
            "id": "job_1", "tenant": "demo", "session": null, "provider": "kie", "kind": "clip",
            "binding": { "mode": "live", "options": {} }, "vendor_id": null, "permit": "lc_1", "started_at": Millis(0),
            "next_look": Millis(0), "looks": 0, "state": { "status": "queued" }, "list_index": 0,
        }))
        .unwrap();
        record::enlist(store, &mut job).unwrap();
        job
    }

    /// The record, if it is on the list of those under way.
    fn listed(store: &Memory) -> Option<Job> {
        let job = record::record("job_1").get(store).unwrap().unwrap();
        let place = record::list().get(store, job.list_index).unwrap();
        matches!(place, kv_schemas::Slot::Entry(_)).then_some(job)
    }

    #[test]
    fn a_refusal_ends_a_job_once_its_permit_is_given_back() {
        let busy = Problem::new(Kind::VendorError, "vendor_busy", "Not now.");
        let store = Memory::default();
        refuse(&store, sent(&store), &busy, Err(Problem::offline())).unwrap();
        let kept = listed(&store).expect("it is looked at again");
        assert_eq!(kept.refused.map(|refused| refused.code).as_deref(), Some("vendor_busy"));
        assert!(!kept.state.is_over() && kept.next_look <= host::now().plus(5_000));

        let store = Memory::default();
        refuse(&store, sent(&store), &busy, Ok(())).unwrap();
        assert!(listed(&store).is_none());
        assert!(record::record("job_1").get(&store).unwrap().unwrap().state.is_over());
    }

    #[test]
    fn an_answer_that_came_after_the_job_was_thought_lost_is_looked_at() {
        let store = Memory::default();
        let mut job = sent(&store);
        close(&store, &Job { state: State::failed("lost", "", Millis(1)), ..job.clone() }).unwrap();
        let state =
            JobState { vendor_id: Some("v_1".into()), progress: Progress::Queued, usage: adapter::Usage::Unknown };
        begun(&store, &mut job, &state).unwrap();
        assert_eq!(listed(&store).expect("it goes on").vendor_id.as_deref(), Some("v_1"));
    }
}
