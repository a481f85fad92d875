//! Jobs at media vendors: started under a permit, done when the vendor says so.

mod close;
mod look;
mod plan;
mod record;
mod start;
pub mod training;

use shell::{Call, KeyValue, Problem, Reply, idempotency::Head, offline};

pub use look::{abandon, is_due, look};
pub use plan::{Body, Planned};
pub use record::{Job, Listed, State, enlist, list, mark_sent, record};
pub use start::{begin_planned, hand_over};

use crate::{
    caller::{capable, owns, tenant_caller},
    keyed::{self, Start},
};

/// `POST /v1/jobs`
pub async fn begin(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "jobs")?;
    let body: Body = call.json()?;
    let keyed = match keyed::begin(call, store, &grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    match start::start(call, store, &grant, body, keyed.token()).await {
        Ok(job) => {
            let body = job.shown().to_string().into_bytes();
            let reply = Reply::bytes(202, "application/json", body.clone())
                .with("x-limit-check-id", &job.permit)
                .with("x-tollgate-provider", &job.provider)
                .with("location", &format!("/v1/jobs/{}", job.id));
            // What if we crash before? A repeat is told that it was attempted already; the slow poll knows the job.
            keyed.finish(store, || Head::of(&reply).whole(&body));
            Ok(reply)
        }
        Err(failed) => Err(keyed.fail(store, call, failed)),
    }
}

/// `GET /v1/jobs/{id}`: how it is; asks the vendor when that is due.
pub async fn show(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let found = record(id).get(store).map_err(|error| offline(&error))?;
    let Some(job) = found.filter(|job| owns(&grant, &job.tenant, job.session.as_deref())) else {
        return Err(Problem::not_found("There is no such job."));
    };
    let job = if is_due(store, &job)? { look(store, job).await? } else { job };
    Ok(Reply::json(200, &job.shown()))
}
