//! List prices per token, as far as they are known. An operator's own rows go before these.
//!
//! Cached input has no rows: its prices are unverified, and without them it costs what input costs. Sound is dearer than
//! text, and isn't offered.

use adapter::{Price, Unit};

const LIST: &str = "third-party transcription of Google's price page, approximate";
const SECONDARY: &str = "secondary source, unverified: confirm before use";
const MEMORY: &str = "unverified, from memory of the announcement: confirm before use";

/// The dearer band begins above 200,000 tokens of input.
const LONG: u64 = 200_001;

const fn from(from_input_tokens: u64, price: Price) -> Price {
    Price { from_input_tokens, ..price }
}

macro_rules! prices {
    ($($model:literal from $band:expr => $input:literal, $output:literal, $as_of:literal, $source:expr;)*) => {
        &[$(
            from($band, Price::flat($model, Unit::InputTokens, $input, $as_of, $source)),
            from($band, Price::flat($model, Unit::OutputTokens, $output, $as_of, $source)),
        )*]
    };
}

/// Input, output.
pub const PRICES: &[Price] = prices! {
    "gemini-2.5-flash" from 0 => "0.0000003", "0.0000025", "2026-05-05", LIST;
    "gemini-2.5-flash-lite" from 0 => "0.0000001", "0.0000004", "2026-05-05", LIST;
    "gemini-2.5-pro" from 0 => "0.00000125", "0.00001", "2025-06-17", MEMORY;
    "gemini-2.5-pro" from LONG => "0.0000025", "0.000015", "2025-06-17", MEMORY;
    "gemini-3-flash-preview" from 0 => "0.0000005", "0.000003", "2026-05-05", SECONDARY;
    "gemini-3.1-flash-lite" from 0 => "0.00000025", "0.0000015", "2026-05-05", LIST;
    "gemini-3.1-pro-preview" from 0 => "0.000002", "0.000012", "2026-05-05", LIST;
    "gemini-3.1-pro-preview" from LONG => "0.000004", "0.000018", "2026-05-05", LIST;
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{OFFERED, is_pro};

    #[test]
    fn every_offered_model_has_its_prices_and_pro_models_have_two_bands() {
        for model in OFFERED {
            for unit in [Unit::InputTokens, Unit::OutputTokens] {
                let bands = PRICES.iter().filter(|price| price.model == *model && price.unit == unit);
                let bands: alloc::vec::Vec<u64> = bands.map(|price| price.from_input_tokens).collect();
                let expected: &[u64] = if is_pro(model) { &[0, 200_001] } else { &[0] };
                assert_eq!(bands, expected, "{model} {unit:?}");
            }
        }
    }
}
