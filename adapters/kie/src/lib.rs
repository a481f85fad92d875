//! kie.ai: video and other media as jobs.
//!
//! Two kinds, for the vendor has two interfaces: `video` is its own one for Veo, `task` is the one for all other
//! models. Their tasks are looked up in different places and nothing in a task's id tells them apart, so the gate's
//! vendor id says it: `veo:<task>` or `job:<task>`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod credits;
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

/// The vendor `kie`.
#[derive(Debug, Clone, Copy)]
pub struct Kie;

impl Adapter for Kie {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "kie",
            capabilities: &[Capability::Jobs],
            base_url: "https://api.kie.ai",
            credential: Credential::BEARER,
            signature: SignatureScheme::Kie,
            models: &[plan::DEFAULT_MODEL],
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
            _ => Err(PlanError::unsupported("kie does jobs only")),
        }
    }

    fn read_job(&self, operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
        job::read(operation, body)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
