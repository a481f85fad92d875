//! OpenAI chat completions, streamed and not.
//!
//! The page speaks OpenAI's own protocol, so requests and answers pass through almost as they are. What is changed: the
//! model, the token limit (so that the worst case has a bound), and whatever would be billed beyond the final usage.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod content;
mod failure;
mod limits;
mod messages;
mod meter;
mod models;
mod plan;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme, VideoSession,
};

/// The vendor `openai`.
#[derive(Debug, Clone, Copy)]
pub struct OpenAi;

impl Adapter for OpenAi {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "openai",
            capabilities: &[Capability::Chat],
            base_url: "https://api.openai.com/v1",
            credential: Credential { name: "authorization", prefix: "Bearer " },
            signature: SignatureScheme::StandardWebhooks,
            models: models::OFFERED,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::Chat(body) => plan::chat(body, options),
            _ => Err(PlanError::Unsupported("openai does chat only".to_owned())),
        }
    }

    fn meter(&self, operation: &Operation, _head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        meter::for_chat(operation, worst_case)
    }

    fn video_started(&self, _body: &[u8]) -> Result<VideoSession, String> {
        Err("openai has no video sessions".to_owned())
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(headers, body)
    }
}
