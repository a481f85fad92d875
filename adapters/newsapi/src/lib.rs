//! News API (newsapi.org): headlines and search, as topics of the context route.
//!
//! **Titles and descriptions are the text of strangers.** Whoever gets an article published can write into them what a
//! model should not obey, and the gate can't tell such a sentence from news. It takes out what hides (markup, control
//! and invisible characters), cuts every text, and leaves out the article's body. A caller that puts the rest before
//! a model has to mark it there as quoted material.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod clean;
mod failure;
mod plan;
mod prices;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, Meter, Operation, PlanError, Price, Profile, Quantity,
    SignatureScheme, Unit, Usage, WholeMeter, capped,
};

/// The vendor `newsapi`.
#[derive(Debug, Clone, Copy)]
pub struct NewsApi;

impl Adapter for NewsApi {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "newsapi",
            capabilities: &[Capability::Context],
            base_url: "https://newsapi.org",
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
            _ => Err(PlanError::unsupported("newsapi gives context only")),
        }
    }

    fn meter(&self, _operation: &Operation, _head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        // The vendor counts requests, and this one has been answered: what the answer says makes no difference.
        let usage = Usage::Counted(vec![capped(Unit::Requests, 1, worst_case)]);
        Box::new(WholeMeter::rewritten(plan::MAX_BYTES, usage, answer::normalised))
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }
}
