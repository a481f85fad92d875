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
use serde::Serialize;

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
    pub forced: &'static [(&'static str, Forced)],
    /// Fields that the vendor doesn't know or doesn't take from here, and that change nothing in the answer.
    pub dropped: &'static [&'static str],
    /// Whether a model may think without delivering its thoughts.
    pub thinks_unseen: fn(&str) -> bool,
    /// Reads the answer's `usage`; numbers that don't add up count as none.
    pub usage: fn(&Fields) -> Option<Tokens>,
}

/// A value that takes the place of the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Forced {
    Flag(bool),
    Word(&'static str),
}

/// By which name the output limit goes to the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    /// By the name the page used; `max_completion_tokens` where it named none.
    AsGiven,
    /// Always as `max_tokens`.
    MaxTokens,
}

/// `usage` as OpenAI writes it: `prompt_tokens` includes the cached ones, which have their own price, and those written
/// to the cache, which cost 1.25 times as much as input and count as so many input tokens, rounded up.
pub fn openai_usage(usage: &Fields) -> Option<Tokens> {
    let prompt: u64 = usage.get("prompt_tokens")?;
    let details = usage.get::<Fields>("prompt_tokens_details").unwrap_or_default();
    let cached = details.get("cached_tokens").unwrap_or(0);
    let surcharge = details.get::<u64>("cache_write_tokens").unwrap_or(0).div_ceil(4);
    let input = prompt.checked_sub(cached)?.checked_add(surcharge)?;
    Some(Tokens { input, cached, output: usage.get("completion_tokens")? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn usages() {
        let rows = [
            (r#"{"prompt_tokens":9,"completion_tokens":2}"#, Some((9, 0, 2))),
            (
                r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}"#,
                Some((5, 4, 2)),
            ),
            (
                r#"{"prompt_tokens":90,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":41}}"#,
                Some((50 + 11, 40, 2)),
            ),
            (
                r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cache_write_tokens":null}}"#,
                Some((9, 0, 2)),
            ),
            (r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":10}}"#, None),
            (r#"{"prompt_tokens":9}"#, None),
        ];
        for (usage, expected) in rows {
            let tokens = openai_usage(&Fields::parse(usage.as_bytes()).unwrap());
            assert_eq!(tokens, expected.map(|(input, cached, output)| Tokens { input, cached, output }), "{usage}");
        }
    }
}
