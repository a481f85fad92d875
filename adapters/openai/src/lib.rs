//! OpenAI chat completions, streamed and not.
//!
//! The page speaks OpenAI's own protocol, so requests and answers pass through almost as they are. What is changed: the
//! model, the token limit (so that the worst case has a bound), and whatever would be billed beyond the final usage.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod models;
mod prices;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme,
};
use chat::compatible::{self, Facts, Forced, TokenLimit};
use chat::{Rules, limits};

const FACTS: Facts = Facts {
    path: "/chat/completions",
    rules: Rules {
        default_model: models::DEFAULT,
        is_offered: models::bills_tokens_only,
        max_answers: limits::MAX_ANSWERS,
        default_max_tokens: limits::DEFAULT_MAX_TOKENS,
        max_tokens_ceiling: limits::MAX_TOKENS_CEILING,
    },
    token_limit: TokenLimit::AsGiven,
    picture_tokens: Some(models::picture_tokens),
    knows_developer: true,
    // What a visitor says isn't kept at the vendor. Another tier has other prices, and without a word the project's own
    // setting would choose one.
    forced: &[("store", Forced::Flag(false)), ("service_tier", Forced::Word("default"))],
    // It labels what is kept, and is refused where nothing is.
    dropped: &["metadata"],
    thinks_unseen: models::may_reason,
    usage: compatible::openai_usage,
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
            credential: Credential::BEARER,
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
            Operation::Chat(body) => compatible::plan(&FACTS, body, options),
            _ => Err(PlanError::unsupported("openai does chat only")),
        }
    }

    fn meter(&self, operation: &Operation, _head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        compatible::meter(&FACTS, operation, worst_case)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        compatible::explain(head, body)
    }

    fn webhook(&self, headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(headers, body)
    }
}
