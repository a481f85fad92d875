//! The start of a job: permit, record, vendor, in this order.

use calendar::Millis;
use kv_schemas::Store;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use shell::{Call, KeyValue, Kind, Problem, host, offline};

use super::record::{self, Job, MAX_MS, START_MS, State, by_vendor};
use crate::{
    bindings::{
        adapter::{self, Capability, JobState, NoGood, Operation},
        limits::Usage,
        sessions::Grant,
    },
    keyed::{self, Failed},
    metered::about,
    permits::{self, Ask, quantities},
    problems::unplannable,
    vendor::{
        self, Vendor,
        attempt::{self, Effort, Patience, Refusal},
        callback, upstream,
    },
};

/// What the caller asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    #[serde(default)]
    pub provider: Option<String>,
    pub kind: String,
    #[serde(default)]
    pub input: Map<String, Json>,
}

/// Starts it. `token` names its permit, where the caller sent an idempotency key.
pub async fn start(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    body: Body,
    token: Option<&str>,
) -> Result<Job, Failed> {
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let vendor = vendor::asked(store, &tenant, Capability::Jobs, body.provider.as_deref())?;
    let id = host::new_id("job_");
    let operation = Operation::JobStart(adapter::Job {
        id: id.clone(),
        kind: body.kind.clone(),
        input: Json::Object(body.input).to_string().into_bytes(),
        callback_url: callback::url(call, &vendor, &id).await?,
        disclosure: tenant.disclosure.shown().map(str::to_owned),
    });
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let admitted = attempt::admit(store, &vendor)?;
    let ask = Ask {
        grant,
        capability: "jobs",
        provider: vendor.name(),
        model: &planned.model,
        worst_case: quantities(&planned.worst_case),
        ttl_ms: MAX_MS + START_MS,
        continues: None,
        counted: false,
        token,
    };
    let permit = match keyed::first(permits::reserve(call, &ask).await) {
        Ok(permit) => permit,
        Err(failed) => {
            admitted.unused(store, &vendor);
            return Err(failed);
        }
    };
    let now = host::now();
    let mut job = Job {
        id,
        tenant: grant.tenant.clone(),
        session: grant.session.clone(),
        provider: vendor.name().into(),
        kind: body.kind,
        binding: vendor.binding.clone(),
        vendor_id: None,
        permit: permit.id.clone(),
        started_at: now,
        next_look: now.plus(START_MS),
        looks: 0,
        state: State::Queued,
        list_index: 0,
    };
    // On the list before the vendor is called: what if we crash in between? The slow poll finds a job that no vendor
    // knows, and has it charged in full: the vendor may have begun it.
    if let Err(error) = record::enlist(store, &mut job) {
        permits::release(&permit.id);
        return Err(Failed::Free(offline(&error)));
    }
    match send(store, &vendor, &operation, &planned, &job, admitted).await {
        Ok(state) => {
            begun(store, &mut job, state).map_err(|error| Failed::Charged(offline(&error)))?;
            Ok(job)
        }
        Err((problem, used)) => {
            let failed = if used.is_some() { Failed::Charged } else { Failed::Free };
            give_up(store, job, &problem, used).map_err(|error| failed(offline(&error)))?;
            Err(failed(about(problem, &permit)))
        }
    }
}

/// The call; an error says what may have been used.
async fn send(
    store: &KeyValue,
    vendor: &Vendor,
    operation: &Operation,
    planned: &adapter::Call,
    job: &Job,
    admitted: attempt::Admitted,
) -> Result<JobState, (Problem, Option<Usage>)> {
    let vault = host::vault().await.map_err(|problem| (problem, None))?;
    // A vendor that knows a repeat by its key begins the job once, however often it is asked.
    let patience = if planned.idempotency_header.is_some() { Patience::Retrying } else { Patience::Careful };
    let effort = Effort { patience, deadline: job.started_at.plus(upstream::REQUEST_MS) };
    let made = attempt::make(store, &vault, vendor, planned, &job.id, effort, admitted).await;
    let mut answer = made.map_err(|refusal| match refusal {
        Refusal::Free(problem) => (problem, None),
        Refusal::Lost(problem) => (problem, Some(Usage::Unknown)),
    })?;
    let unknown = |problem| (problem, Some(Usage::Unknown));
    let body = upstream::read(&mut answer.body, planned.max_answer_bytes).await.map_err(unknown)?;
    let state = adapter::read_job(vendor.name(), operation, &body).map_err(|no_good| match no_good {
        NoGood::Refused(failure) => (attempt::explained(vendor, answer.head.status, failure), None),
        NoGood::Garbled(what) => unknown(garbled(vendor.name(), &what)),
    })?;
    match state.vendor_id {
        Some(_) => Ok(state),
        None => Err(unknown(garbled(vendor.name(), "the answer names no job"))),
    }
}

pub fn garbled(vendor: &str, what: &str) -> Problem {
    eprintln!("job at {vendor}: {what}");
    Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")
}

/// The vendor knows it. The note of its id comes first: a webhook may be quick.
fn begun(store: &dyn Store, job: &mut Job, state: JobState) -> Result<(), kv_schemas::StoreError> {
    if let Some(vendor_id) = state.vendor_id {
        by_vendor(job, &vendor_id).set(store, &job.id)?;
        job.vendor_id = Some(vendor_id);
    }
    job.looked(host::now());
    record::record(&job.id).set(store, job)
}

/// It never began, or nobody knows whether it did.
fn give_up(
    store: &dyn Store,
    mut job: Job,
    problem: &Problem,
    used: Option<Usage>,
) -> Result<(), kv_schemas::StoreError> {
    match used {
        None => permits::release(&job.permit),
        Some(used) => permits::settle_later(&job.permit, &used),
    }
    job.state = failed(&problem.code, &problem.message, host::now());
    record::close(store, &job)
}

pub fn failed(code: &str, message: &str, at: Millis) -> State {
    State::Failed { code: code.into(), message: message.into(), at }
}
