//! The invented speech vendor "acme" as a third party would add it: an adapter, and a component around it.
//!
//! `POST /say` with `{"text", "voice"}` answers with `audio/mpeg`; `x-acme-characters` says how many characters are billed.
//! Blanks are free at acme, so the gate reserves for the whole text and pays for what the vendor counts.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
mod component;
mod failure;
mod meter;
mod plan;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme,
};

/// The vendor `acme`.
#[derive(Debug, Clone, Copy)]
pub struct Acme;

impl Adapter for Acme {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "acme",
            capabilities: &[Capability::Speech],
            base_url: "https://api.acme-voice.example",
            credential: Credential::Header { name: "x-acme-key", prefix: "" },
            signature: SignatureScheme::Generic,
            models: &[],
            live_step_seconds: 1,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::Speech(speech) => plan::say(speech, options),
            _ => Err(PlanError::unsupported("acme does speech only")),
        }
    }

    fn meter(&self, _operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(meter::SayMeter::new(head, worst_case))
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
