//! Cartesia text to speech, streamed.
//!
//! The vendor bills the text, not the sound, and never says how much: the gate counts the characters it has sent.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod format;
mod meter;
mod plan;
mod prices;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, Meter, Operation, PlanError, Price, Profile, Quantity,
    SignatureScheme,
};

/// The vendor `cartesia`.
#[derive(Debug, Clone, Copy)]
pub struct Cartesia;

impl Adapter for Cartesia {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "cartesia",
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
            _ => Err(PlanError::unsupported("cartesia does speech only")),
        }
    }

    fn meter(&self, operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(meter::SpeechMeter::new(operation, head, worst_case))
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }
}
