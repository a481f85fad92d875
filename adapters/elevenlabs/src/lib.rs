//! ElevenLabs text to speech, streamed.
//!
//! The vendor bills the text, not the sound: a call that is cut short costs as much as one that was heard to its end.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod format;
mod meter;
mod plan;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme,
};

/// The vendor `elevenlabs`.
#[derive(Debug, Clone, Copy)]
pub struct ElevenLabs;

impl Adapter for ElevenLabs {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "elevenlabs",
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
            _ => Err(PlanError::unsupported("elevenlabs does speech only")),
        }
    }

    fn meter(&self, _operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(meter::SpeechMeter::new(head, worst_case))
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
