//! Shotstack: videos rendered from an edit (`render`) or from a stored template (`template`), as jobs.
//!
//! The vendor fetches every asset that an edit names and sends the result wherever an edit says. Both would let a page
//! act through the tenant's account, so an edit is checked before it goes: where assets may lie, and that neither
//! callback nor destination is the page's to set.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod assets;
mod decimal;
mod failure;
mod job;
mod merge;
mod output;
mod plan;
mod prices;
mod timeline;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, JobState, NoGood, Operation, PlanError,
    Price, Profile, SignatureScheme,
};

/// The vendor `shotstack`.
#[derive(Debug, Clone, Copy)]
pub struct Shotstack;

impl Adapter for Shotstack {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "shotstack",
            capabilities: &[Capability::Jobs],
            base_url: "https://api.shotstack.io",
            credential: Credential::Header { name: "x-api-key", prefix: "" },
            signature: SignatureScheme::CallbackToken,
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
            Operation::JobLook(id) => plan::look(id, options),
            _ => Err(PlanError::unsupported("shotstack does jobs only")),
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
