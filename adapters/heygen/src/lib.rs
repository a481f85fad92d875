//! HeyGen's LiveAvatar: an avatar that talks with the visitor in a room.
//!
//! The gate starts the session itself, in two calls, and hands out only the room's address and token: with the session's
//! own token a page could stop and start as it pleases. The vendor listens, thinks and speaks (its mode `FULL`), so picture
//! and sound don't pass through the gate. It bills begun minutes, and every start names a hard end.
//!
//! There is no place for a label in its requests: that the visitor talks to an AI is for the page to show.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod plan;
mod prices;
mod started;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Live, NoGood, Operation, PlanError,
    Price, Profile, SignatureScheme, Started,
};

/// The vendor `heygen`.
#[derive(Debug, Clone, Copy)]
pub struct HeyGen;

impl Adapter for HeyGen {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "heygen",
            capabilities: &[Capability::Video],
            base_url: "https://api.liveavatar.com",
            credential: Credential::Header { name: "x-api-key", prefix: "" },
            signature: SignatureScheme::HeyGen,
            models: &[],
            live_step_seconds: plan::STEP_SECONDS,
        }
    }

    fn prices(&self) -> &'static [Price] {
        prices::PRICES
    }

    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::LiveStart(live) => plan::start(live, options),
            Operation::LiveEnd(id) => plan::end(id),
            _ => Err(PlanError::unsupported("heygen does video only")),
        }
    }

    fn live_started(&self, _session: &Live, body: &[u8]) -> Result<Started, NoGood> {
        started::read(body)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(headers, body)
    }
}
