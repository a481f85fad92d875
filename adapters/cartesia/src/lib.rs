//! Cartesia text to speech, streamed, and voices made of samples.
//!
//! The vendor bills the text, not the sound, and never says how much: the gate counts the characters it has sent.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clone;
mod failure;
mod format;
mod meter;
mod plan;
mod prices;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, JobState, Meter, NoGood, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme, WholeMeter,
};

/// The vendor `cartesia`.
#[derive(Debug, Clone, Copy)]
pub struct Cartesia;

impl Adapter for Cartesia {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "cartesia",
            // Voices are made for a tenant's twin only, so they are no job that anybody could ask for.
            capabilities: &[Capability::Speech],
            base_url: "https://api.cartesia.ai",
            credential: Credential::BEARER,
            // It sends no webhooks for speech.
            signature: SignatureScheme::CallbackToken,
            models: plan::MODELS,
            live_step_seconds: 1,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::Speech(speech) => plan::speech(speech, options),
            Operation::JobStart(job) => clone::start(job, options),
            Operation::JobLook(id) => clone::look(id, options),
            _ => Err(PlanError::unsupported("cartesia does speech, and makes voices")),
        }
    }

    fn read_job(&self, operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
        clone::read(operation, body)
    }

    fn meter(&self, operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        match operation {
            Operation::Speech(_) => Box::new(meter::SpeechMeter::new(operation, head, worst_case)),
            _ => Box::new(WholeMeter::new(operation)),
        }
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }
}
