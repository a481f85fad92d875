//! Telegram: people write to a tenant's bot, and the gate writes back.
//!
//! The bot's token stands in every call's path, so a path is as secret as the token; the gate puts it there and shows
//! it to nobody. What people write comes by webhook, in private chats and in groups.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod failure;
mod ids;
mod plan;
mod text;
mod webhook;

use adapter::prelude::*;
use adapter::{
    Adapter, AnswerHead, Call, Capability, Credential, Event, Failure, Header, Meter, Operation, PlanError, Price,
    Profile, Quantity, SignatureScheme, Usage, WholeMeter,
};

/// The vendor `telegram`.
#[derive(Debug, Clone, Copy)]
pub struct Telegram;

impl Adapter for Telegram {
    fn profile(&self) -> Profile {
        Profile {
            vendor: "telegram",
            capabilities: &[Capability::Messages],
            base_url: "https://api.telegram.org",
            credential: Credential::Path,
            signature: SignatureScheme::Telegram,
            models: &[],
            live_step_seconds: 1,
        }
    }

    /// None: bots send for free.
    fn prices(&self) -> &'static [Price] {
        &[]
    }

    fn plan(&self, operation: &Operation, _options: &str) -> Result<Call, PlanError> {
        match operation {
            Operation::MessageSend(message) => plan::send(message),
            _ => Err(PlanError::unsupported("telegram carries messages only")),
        }
    }

    fn meter(&self, _operation: &Operation, _head: &AnswerHead, _worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(WholeMeter::rewritten(plan::MAX_ANSWER_BYTES, Usage::Counted(Vec::new()), answer::sent))
    }

    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure {
        failure::explain(head, body)
    }

    fn webhook(&self, _headers: &[Header], body: &[u8]) -> Result<Event, String> {
        webhook::read(body)
    }
}
