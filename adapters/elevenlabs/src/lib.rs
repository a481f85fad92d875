//! ElevenLabs text to speech, streamed, and voices made of samples.
//!
//! The vendor bills the text, not the sound: a call that is cut short costs as much as one that was heard to its end.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clone;
mod failure;
mod format;
mod meter;
mod plan;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, JobState, Meter, NoGood, Operation,
    PlanError, Price, Profile, Quantity, SignatureScheme, WholeMeter,
};

/// The vendor `elevenlabs`.
#[derive(Debug, Clone, Copy)]
pub struct ElevenLabs;

impl Adapter for ElevenLabs {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "elevenlabs",
            // Voices are made for a tenant's twin only, so they are no job that anybody could ask for.
            capabilities: &[Capability::Speech],
            base_url: "https://api.elevenlabs.io",
            credential: Credential::Header { name: "xi-api-key", prefix: "" },
            signature: SignatureScheme::ElevenLabs,
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
            Operation::JobStart(job) => clone::start(job),
            Operation::JobLook(id) => clone::look(id),
            _ => Err(PlanError::unsupported("elevenlabs does speech, and makes voices")),
        }
    }

    fn read_job(&self, operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
        clone::read(operation, body)
    }

    fn meter(&self, operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        match operation {
            Operation::Speech(_) => Box::new(meter::SpeechMeter::new(head, worst_case)),
            _ => Box::new(WholeMeter::new(operation)),
        }
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
