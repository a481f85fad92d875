//! Upload-Post: a finished video is published to social platforms, as a job.
//!
//! Publishing can't be taken back, so the careful choice is the default everywhere: private until the binding says
//! otherwise, marked as AI-made, at most one platform each, and with an idempotency key. The vendor fetches the video
//! from a public address; no byte of it passes through the gate. Its events go to one address per account, set at the
//! vendor, so a job's own callback address isn't passed on.
//!
//! Not verified against the vendor: the answers to a start and to a look. They are read in every spelling that was
//! seen, but a job is never taken as done unless the answer says of each platform how it went.
//!
//! An upload that begins at once gets the id of a request, while events carry the id of its job. The gate learns that one
//! from the first look that names it; until then an event finds no job, and the gate's own looks find out.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod job;
mod plan;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, JobState, NoGood, Operation, PlanError,
    Price, Profile, SignatureScheme,
};

/// The vendor `upload-post`.
#[derive(Debug, Clone, Copy)]
pub struct UploadPost;

impl Adapter for UploadPost {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "upload-post",
            capabilities: &[Capability::Jobs],
            base_url: "https://api.upload-post.com",
            credential: Credential::Header { name: "authorization", prefix: "Apikey " },
            signature: SignatureScheme::UploadPost,
            models: &[],
            live_step_seconds: 1,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::JobStart(job) => plan::start(job, options),
            Operation::JobLook(id) => plan::look(id),
            _ => Err(PlanError::unsupported("upload-post does jobs only")),
        }
    }

    fn read_job(&self, operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
        job::read(operation, body)
    }

    fn explain(&self, head: &AnswerHead, _body: &[u8]) -> Failure {
        failure::explain(head)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
