//! List prices per token. An operator's own rows go before these.
//!
//! Writing to the vendor's cache costs a multiple of input, and counts as so many input tokens (see `usage.rs`).

use adapter::{Price, Unit};

const LIST: &str = "platform.claude.com/docs/en/about-claude/pricing, stored excerpts of 2026";
const LIST_NAME_GUESSED: &str =
    "platform.claude.com/docs/en/about-claude/pricing, stored excerpts of 2026; the model's name is unverified";
const BANDS: &str = "secondary sources, October 2026; price and model name unverified: confirm before use";
const READ: &str = "2026-11-17";

/// Models with a price for cached input.
macro_rules! prices {
    ($($model:literal: $input:literal, $cached:literal, $output:literal, $source:expr;)*) => {
        &[$(
            Price::flat($model, Unit::InputTokens, $input, READ, $source),
            Price::flat($model, Unit::CachedInputTokens, $cached, READ, $source),
            Price::flat($model, Unit::OutputTokens, $output, READ, $source),
        )*
        // Two bands by the length of the prompt, cached or not; what a cached token costs isn't known, so it costs what
        // any input does.
        Price::flat("claude-haiku-5-5", Unit::InputTokens, "0.0000001", READ, BANDS),
        Price::flat("claude-haiku-5-5", Unit::OutputTokens, "0.0000005", READ, BANDS),
        Price {
            from_input_tokens: 100_001,
            ..Price::flat("claude-haiku-5-5", Unit::InputTokens, "0.0000005", READ, BANDS)
        },
        Price {
            from_input_tokens: 100_001,
            ..Price::flat("claude-haiku-5-5", Unit::OutputTokens, "0.0000025", READ, BANDS)
        },
        ]
    };
}

/// Input, cached input, output.
pub const PRICES: &[Price] = prices! {
    "claude-haiku-4-5": "0.000001", "0.0000001", "0.000005", LIST;
    "claude-sonnet-4-5": "0.000003", "0.0000003", "0.000015", LIST;
    "claude-opus-4-5": "0.000005", "0.0000005", "0.000025", LIST;
    "claude-opus-5": "0.000005", "0.0000005", "0.000025", LIST_NAME_GUESSED;
    "claude-fable-5": "0.00001", "0.000001", "0.00005", LIST_NAME_GUESSED;
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::OFFERED;

    #[test]
    fn every_offered_model_has_its_three_prices() {
        for model in OFFERED {
            for unit in [Unit::InputTokens, Unit::CachedInputTokens, Unit::OutputTokens] {
                let rows = PRICES.iter().filter(|price| price.model == *model && price.unit == unit).count();
                assert_eq!(rows, 1, "{model} {unit:?}");
            }
        }
    }
}
