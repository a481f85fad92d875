//! LiveKit rooms, in which the visitor and an agent of the tenant meet.
//!
//! The gate creates the room and deletes it; the page joins with a token that the proxy signs, good for a minute and for
//! this room alone. Sound goes between page, room and agent without passing through the gate.
//!
//! LiveKit closes an empty room by itself, but it knows no longest duration of a full one: `max_seconds` is held by the
//! gate, whose missing tick deletes the room. A server that makes a room for whoever joins (`auto_create`, its default) lets
//! a visitor who was put out come back, without an agent, until the token has run out: it should be switched off there.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod failure;
mod grants;
mod plan;
mod prices;
mod started;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Live, NoGood, Operation, PlanError,
    Price, Profile, SignatureScheme, Started,
};

/// The vendor `livekit`.
#[derive(Debug, Clone, Copy)]
pub struct LiveKit;

impl Adapter for LiveKit {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "livekit",
            capabilities: &[Capability::Realtime],
            // Every project, and every server of one's own, has its own address.
            base_url: "",
            credential: Credential::SignedToken,
            signature: SignatureScheme::LiveKit,
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
            Operation::LiveEnd(room) => plan::end(room),
            _ => Err(PlanError::unsupported("livekit does rooms only")),
        }
    }

    fn live_started(&self, session: &Live, body: &[u8]) -> Result<Started, NoGood> {
        started::read(session, body)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
