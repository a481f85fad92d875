//! Tavus conversational video.
//!
//! The gate starts and ends conversations; picture and sound go between the page and the room without passing through
//! the gate. The vendor's clock runs from creation, so every start names a hard end.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod meter;
mod plan;
mod prices;
mod started;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme, VideoSession,
};

/// The vendor `tavus`.
#[derive(Debug, Clone, Copy)]
pub struct Tavus;

impl Adapter for Tavus {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "tavus",
            capabilities: &[Capability::Video],
            base_url: "https://tavusapi.com",
            credential: Credential { name: "x-api-key", prefix: "" },
            signature: SignatureScheme::CallbackToken,
            models: &[],
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::VideoStart(video) => plan::start(video, options),
            Operation::VideoEnd(id) => plan::end(id),
            _ => Err(PlanError::Unsupported("tavus does video only".to_owned())),
        }
    }

    fn meter(&self, operation: &Operation, _head: &AnswerHead, _worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(meter::VideoMeter::new(operation))
    }

    fn video_started(&self, body: &[u8]) -> Result<VideoSession, String> {
        started::read(body)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
