//! Anthropic messages, streamed and not, for pages that speak OpenAI's protocol.
//!
//! A request is put into the vendor's words (`plan`, `turns`), and its answer back into OpenAI's (`stream`,
//! `answer`). What can't be said in the vendor's words is refused by the name of its field.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod failure;
mod models;
mod plan;
mod prices;
mod stop;
mod stream;
mod tools;
mod turns;
mod usage;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme,
};
use chat::{Asked, Streamed, Whole};

/// The vendor `anthropic`.
#[derive(Debug, Clone, Copy)]
pub struct Anthropic;

impl Adapter for Anthropic {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "anthropic",
            capabilities: &[Capability::Chat],
            base_url: "https://api.anthropic.com",
            credential: Credential::Header { name: "x-api-key", prefix: "" },
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
            _ => Err(PlanError::unsupported("anthropic does chat only")),
        }
    }

    fn meter(&self, operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        if Asked::of(operation).stream {
            Box::new(Streamed::new(stream::Reader::new(head, worst_case)))
        } else {
            Box::new(Whole::new(answer::Reader::new(head, worst_case)))
        }
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(headers, body)
    }
}
