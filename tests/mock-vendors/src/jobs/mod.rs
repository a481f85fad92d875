//! Jobs: created, looked at until they are done, and reported when they are.

pub mod kie;
pub(crate) mod multipart;
mod plan;
pub mod shotstack;
pub mod upload_post;

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;

use crate::State;
use crate::state::now_ms;

pub use plan::Plan;
use plan::Plans;

/// A job of any vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    pub vendor: &'static str,
    pub id: String,
    /// Whose it is.
    pub key: String,
    /// Of the vendor's interfaces, the one it came by.
    pub kind: &'static str,
    pub status: Status,
    /// How often somebody has asked.
    pub looks: u32,
    pub idempotency_key: Option<String>,
    /// The request.
    pub input: Value,
    pub callback_url: Option<String>,
    /// Where the result lies once it is done.
    pub result_url: String,
    pub created_ms: u64,
    pub ended_ms: Option<u64>,
    #[serde(skip)]
    plan: Plan,
}

/// Queued, running, and then one of the others for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Queued,
    Running,
    Done,
    Failed,
}

impl Job {
    pub fn is_over(&self) -> bool {
        matches!(self.status, Status::Done | Status::Failed)
    }

    fn end(&mut self) {
        self.status = if self.plan.fail { Status::Failed } else { Status::Done };
        self.ended_ms = Some(now_ms());
    }
}

/// What a vendor knows of a job that it takes on.
pub struct NewJob {
    pub vendor: &'static str,
    pub kind: &'static str,
    pub id: String,
    pub key: String,
    pub host: String,
    pub idempotency_key: Option<String>,
    pub input: Value,
    pub callback_url: Option<String>,
}

/// All jobs since the start, and how new ones go.
#[derive(Debug, Default)]
pub struct Jobs {
    all: Vec<Job>,
    plans: Plans,
}

impl Jobs {
    pub fn all(&self) -> &[Job] {
        &self.all
    }

    pub fn set_plan(&mut self, vendor: Option<&str>, plan: Option<Plan>) {
        self.plans.set(vendor, plan);
    }

    /// The job that the same `Idempotency-Key` has made before.
    pub fn repeated(&self, vendor: &str, key: &str, idempotency_key: &str) -> Option<Job> {
        let same = |job: &&Job| job.idempotency_key.as_deref() == Some(idempotency_key);
        self.all.iter().filter(|job| job.vendor == vendor && job.key == key).find(same).cloned()
    }

    /// The job as this look finds it, and whether this look has ended it.
    fn look(&mut self, vendor: &str, key: &str, id: &str) -> Option<(Job, bool)> {
        let mut jobs = self.all.iter_mut();
        let job = jobs.find(|job| job.vendor == vendor && job.key == key && job.id == id)?;
        job.looks += 1;
        let ends = !job.is_over() && job.plan.looks.is_some_and(|looks| job.looks >= looks);
        if ends {
            job.end();
        } else if !job.is_over() && job.plan.is_half_way(job.looks, now_ms().saturating_sub(job.created_ms)) {
            job.status = Status::Running;
        }
        Some((job.clone(), ends))
    }

    /// The job, if it was this call that ended it.
    fn end(&mut self, vendor: &str, id: &str) -> Option<Job> {
        let mut jobs = self.all.iter_mut();
        let job = jobs.find(|job| job.vendor == vendor && job.id == id && !job.is_over())?;
        job.end();
        Some(job.clone())
    }
}

/// Takes a job on.
pub fn start(state: &State, new: NewJob) {
    let mut jobs = state.jobs();
    let plan = Plan::by_magic_words(&new.input.to_string()).unwrap_or_else(|| jobs.plans.of(new.vendor, &new.key));
    let after = plan.after_ms;
    let (vendor, id) = (new.vendor, new.id.clone());
    jobs.all.push(Job {
        vendor,
        result_url: format!("http://{}/files/{vendor}-{id}.mp4", new.host),
        id: new.id,
        key: new.key,
        kind: new.kind,
        status: Status::Queued,
        looks: 0,
        idempotency_key: new.idempotency_key,
        input: new.input,
        callback_url: new.callback_url,
        created_ms: now_ms(),
        ended_ms: None,
        plan,
    });
    drop(jobs);
    if let Some(after) = after {
        let state = state.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let ended = state.jobs().end(vendor, &id);
            if let Some(job) = ended {
                report(state, job).await;
            }
        });
    }
}

/// The job as somebody who asks finds it.
pub fn look(state: &State, vendor: &str, key: &str, id: &str) -> Option<Job> {
    let (job, ends) = state.jobs().look(vendor, key, id)?;
    if ends {
        tokio::spawn(report(state.clone(), job.clone()));
    }
    Some(job)
}

/// Tells whoever wants to know that a job is over, as often as the plan says.
async fn report(state: State, job: Job) {
    for _ in 0..job.plan.callbacks {
        match job.vendor {
            "kie" => kie::report(&state, &job).await,
            // Whoever waits for a voice asks.
            "elevenlabs" => {}
            "shotstack" => shotstack::report(&state, &job).await,
            _ => upload_post::report(&state, &job).await,
        }
    }
}

/// What jobs have made: hardly a film, but of its type.
pub fn files() -> Router<State> {
    const FTYP: &[u8] = b"\0\0\0\x14ftypisom\0\0\x02\0isom";
    Router::new().route("/files/{name}", get(|| async { ([(CONTENT_TYPE, "video/mp4")], FTYP) }))
}
