//! Vendors that speak OpenAI's own protocol: requests and answers pass through almost as they are.
//!
//! What is changed: the model, the token limit (so that the worst case has a bound), and whatever would be billed beyond
//! the final usage. A vendor's crate gives its [`Facts`].

mod answer;
mod failure;
mod meter;
mod plan;

pub use failure::explain;
pub use meter::meter;
pub use plan::plan;

use crate::{Rules, Tokens};
use adapter::Fields;

/// In what one vendor of this protocol differs from another.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Appended to the base URL.
    pub path: &'static str,
    pub rules: Rules,
    pub token_limit: TokenLimit,
    /// The most that one picture counts as input for a model; `None` where the vendor takes no pictures.
    pub picture_tokens: Option<fn(&str) -> u64>,
    /// Whether the vendor knows the role `developer`; else such messages go as `system`.
    pub knows_developer: bool,
    /// Fields that are forced upon every request.
    pub forced: &'static [(&'static str, bool)],
    /// Fields that the vendor doesn't know and that change nothing in the answer.
    pub dropped: &'static [&'static str],
    /// Whether a model may think without delivering its thoughts.
    pub thinks_unseen: fn(&str) -> bool,
    /// Reads the answer's `usage`; numbers that don't add up count as none.
    pub usage: fn(&Fields) -> Option<Tokens>,
}

/// By which name the output limit goes to the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    /// By the name the page used; `max_completion_tokens` where it named none.
    AsGiven,
    /// Always as `max_tokens`.
    MaxTokens,
}

/// `usage` as OpenAI writes it: `prompt_tokens` includes the cached ones, which have their own price.
pub fn openai_usage(usage: &Fields) -> Option<Tokens> {
    let prompt: u64 = usage.get("prompt_tokens")?;
    let details = usage.get::<Fields>("prompt_tokens_details").unwrap_or_default();
    let cached = details.get("cached_tokens").unwrap_or(0);
    Some(Tokens { input: prompt.checked_sub(cached)?, cached, output: usage.get("completion_tokens")? })
}
