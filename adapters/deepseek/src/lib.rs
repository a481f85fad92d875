//! DeepSeek chat completions, streamed and not.
//!
//! The vendor speaks OpenAI's protocol. Its models think before they answer; the thoughts are delivered (as
//! `reasoning_content`) and billed as output, so what was delivered bounds what was consumed.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod models;
mod prices;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Failure, Fields, Meter, Operation, PlanError, Price, Profile,
    Quantity, SignatureScheme,
};
use chat::compatible::{self, Facts, TokenLimit};
use chat::{Rules, Tokens};

const FACTS: Facts = Facts {
    path: "/chat/completions",
    rules: Rules {
        default_model: models::DEFAULT,
        is_offered: |_| true,
        max_answers: 1,
        default_max_tokens: models::DEFAULT_MAX_TOKENS,
        max_tokens_ceiling: models::MAX_TOKENS,
    },
    token_limit: TokenLimit::MaxTokens,
    picture_tokens: None,
    knows_developer: false,
    forced: &[],
    dropped: &["metadata", "n", "prompt_cache_key", "safety_identifier", "service_tier", "store"],
    thinks_unseen: |_| false,
    usage: read_usage,
};

/// The vendor `deepseek`.
#[derive(Debug, Clone, Copy)]
pub struct DeepSeek;

impl Adapter for DeepSeek {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "deepseek",
            capabilities: &[Capability::Chat],
            base_url: "https://api.deepseek.com",
            credential: Credential::BEARER,
            // It sends no webhooks; should it ever, the address is unguessable.
            signature: SignatureScheme::CallbackToken,
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
            _ => Err(PlanError::unsupported("deepseek does chat only")),
        }
    }

    fn meter(&self, operation: &Operation, _head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
        compatible::meter(&FACTS, operation, worst_case)
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        compatible::explain(head, body)
    }
}

/// `prompt_tokens` is the sum of the cache's hits and misses. Where the split is absent or doesn't add up, everything
/// counts as missed.
fn read_usage(usage: &Fields) -> Option<Tokens> {
    let (prompt, output) = (usage.get::<u64>("prompt_tokens")?, usage.get("completion_tokens")?);
    let (hit, miss) = (usage.get::<u64>("prompt_cache_hit_tokens"), usage.get::<u64>("prompt_cache_miss_tokens"));
    let split = hit.zip(miss).filter(|(hit, miss)| hit.checked_add(*miss) == Some(prompt));
    let (cached, input) = split.unwrap_or((0, prompt));
    Some(Tokens { input, cached, output })
}
