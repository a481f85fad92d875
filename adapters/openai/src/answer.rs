//! What the gate reads of an answer or of one chunk of it.

use adapter::prelude::*;
use adapter::{Fields, Quantity, Unit};
use serde::Deserialize;

use crate::content::Delivered;

/// An answer or a chunk: an object with `choices`.
#[derive(Debug)]
pub struct Part {
    pub model: Option<String>,
    pub delivered: Delivered,
    pub usage: Option<Vec<Quantity>>,
}

impl Part {
    /// Reads a part.
    ///
    /// # Errors
    /// Not an answer of this protocol, or the vendor's word of an error.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let fields = Fields::parse(json).map_err(|_| "the answer is not a JSON object".to_owned())?;
        if fields.raw("error").is_some() {
            return Err("the vendor broke off with an error".to_owned());
        }
        let choices: Vec<Choice> = fields.get("choices").ok_or_else(|| "the answer has no choices".to_owned())?;
        let mut delivered = Delivered::default();
        for choice in &choices {
            delivered.add(choice.delta.as_ref());
            delivered.add(choice.message.as_ref());
        }
        let usage = fields.get::<Tokens>("usage").and_then(Tokens::quantities);
        Ok(Self { model: fields.get("model"), delivered, usage })
    }
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<serde_json::Value>,
    message: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Tokens {
    /// `prompt_tokens` includes the cached ones, which have their own price. Numbers that don't add up count as none.
    fn quantities(self) -> Option<Vec<Quantity>> {
        let cached = self.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
        Some(vec![
            Quantity::new(Unit::InputTokens, self.prompt_tokens.checked_sub(cached)?),
            Quantity::new(Unit::CachedInputTokens, cached),
            Quantity::new(Unit::OutputTokens, self.completion_tokens),
        ])
    }
}
