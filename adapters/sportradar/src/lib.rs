//! Sportradar: live matches, schedules, standings, as topics of the context route.
//!
//! The vendor's feeds are large and shaped for scoreboards; the page and the model get a small object of our own with
//! the same few names whatever the feed. Every field of it may be missing: before a match there is no score.
//!
//! Not verified against the vendor and therefore options: access level, language, API version per sport. The sheet
//! knows soccer's paths; other sports are offered only where their API has the same ones (`schedules/..`,
//! `sport_events/..`, `seasons/..`, `competitors/..`).

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod matches;
mod plan;
mod prices;
mod standings;
mod text;
mod topic;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, Meter, Operation, PlanError, Price, Profile, Quantity,
    SignatureScheme, Unit, Usage, WholeMeter, capped,
};

/// The vendor `sportradar`.
#[derive(Debug, Clone, Copy)]
pub struct Sportradar;

impl Adapter for Sportradar {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "sportradar",
            capabilities: &[Capability::Context],
            base_url: "https://api.sportradar.com",
            credential: Credential::Header { name: "x-api-key", prefix: "" },
            // It sends no webhooks; the scheme is never asked for.
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
            Operation::Context(topic) => plan::context(topic, options),
            _ => Err(PlanError::unsupported("sportradar gives context only")),
        }
    }

    fn meter(&self, _operation: &Operation, _head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        // The vendor counts requests, and this one has been answered: what the answer says makes no difference.
        let usage = Usage::Counted(vec![capped(Unit::Requests, 1, worst_case)]);
        Box::new(WholeMeter::rewritten(plan::MAX_BYTES, usage, answer::normalised))
    }

    /// The vendor's error bodies are not documented, so the status alone counts.
    fn explain(&self, head: &AnswerHead, _body: &[u8]) -> Failure {
        match head.status {
            404 => Failure::fatal("not_found", "The vendor doesn't know the match, season or competitor."),
            _ => Failure::by_status(head),
        }
    }
}
