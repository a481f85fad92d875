//! Tavus conversational video.
//!
//! The gate starts and ends conversations; picture and sound go between the page and the room without passing through
//! the gate. The vendor's clock runs from creation, so every start names a hard end.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod plan;
mod prices;
mod started;
mod time;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Live, NoGood, Operation, PlanError,
    Price, Profile, SignatureScheme, Started,
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
            Operation::LiveStart(live) => plan::start(live, options),
            Operation::LiveEnd(id) => plan::end(id),
            _ => Err(PlanError::unsupported("tavus does video only")),
        }
    }

    fn live_started(&self, _session: &Live, body: &[u8]) -> Result<Started, NoGood> {
        started::read(body)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
