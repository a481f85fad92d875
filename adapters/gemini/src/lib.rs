//! Google Gemini, streamed and not.
//!
//! The page speaks OpenAI's protocol and the vendor its own, so requests and answers are put into other words on the
//! way. The vendor counts as it goes, thoughts included, so that even a stream which is cut is charged by its numbers.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod contents;
mod counts;
mod failure;
mod finish;
mod meter;
mod models;
mod plan;
mod prices;
mod thinking;
mod wire;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, Meter, Operation, PlanError, Price, Profile, Quantity,
    SignatureScheme,
};

/// The vendor `gemini`.
#[derive(Debug, Clone, Copy)]
pub struct Gemini;

impl Adapter for Gemini {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "gemini",
            capabilities: &[Capability::Chat],
            base_url: "https://generativelanguage.googleapis.com",
            // The vendor takes the key in the query as well; there it would end up in logs.
            credential: Credential::Header { name: "x-goog-api-key", prefix: "" },
            signature: SignatureScheme::StandardWebhooks,
            models: models::OFFERED,
            live_step_seconds: 1,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::Chat(body) => plan::chat(body, options),
            _ => Err(PlanError::unsupported("gemini does chat only")),
        }
    }

    fn meter(&self, operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        meter::for_chat(operation, head, worst_case)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }
}
