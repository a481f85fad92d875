//! List prices per token, as far as they are known. An operator's own rows go before these.

use adapter::{Price, Unit};

const LAUNCH: &str = "unverified, from memory of the announcement: confirm before use";
const LIST: &str = "third-party transcription of OpenAI's price page";
const LONG: &str = "secondary, long-context band, unverified: confirm before use";
const LONG_READ: &str = "2026-11-20";
/// A prompt of this length is dearer as a whole, answer and all.
const LONG_FROM: u64 = 272_001;

macro_rules! prices {
    ($($model:literal $(from $from:ident)?: $input:literal, $cached:literal, $output:literal, $as_of:expr, $source:expr;)*) => {
        &[$(
            Price { $(from_input_tokens: $from,)? ..Price::flat($model, Unit::InputTokens, $input, $as_of, $source) },
            Price { $(from_input_tokens: $from,)? ..Price::flat($model, Unit::CachedInputTokens, $cached, $as_of, $source) },
            Price { $(from_input_tokens: $from,)? ..Price::flat($model, Unit::OutputTokens, $output, $as_of, $source) },
        )*]
    };
}

/// Input, cached input, output.
pub const PRICES: &[Price] = prices! {
    "gpt-4.1-mini": "0.0000004", "0.0000001", "0.0000016", "2025-04-14", LAUNCH;
    "gpt-4.1": "0.000002", "0.0000005", "0.000008", "2025-04-14", LAUNCH;
    "gpt-4.1-nano": "0.0000001", "0.000000025", "0.0000004", "2025-04-14", LAUNCH;
    "gpt-4o": "0.0000025", "0.00000125", "0.00001", "2024-10-01", LAUNCH;
    "gpt-4o-mini": "0.00000015", "0.000000075", "0.0000006", "2024-10-01", LAUNCH;
    "gpt-5.4": "0.0000025", "0.00000025", "0.000015", "2026-08-07", LIST;
    "gpt-5.4" from LONG_FROM: "0.000005", "0.0000005", "0.0000225", LONG_READ, LONG;
    "gpt-5.4-mini": "0.00000075", "0.000000075", "0.0000045", "2026-08-07", LIST;
    "gpt-5.5": "0.000005", "0.0000005", "0.00003", "2026-08-07", LIST;
    "gpt-5.5" from LONG_FROM: "0.00001", "0.000001", "0.000045", LONG_READ, LONG;
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::OFFERED;

    #[test]
    fn every_offered_model_has_its_three_prices_in_each_band() {
        for model in OFFERED {
            let bands: &[u64] = if matches!(*model, "gpt-5.4" | "gpt-5.5") { &[0, LONG_FROM] } else { &[0] };
            for unit in [Unit::InputTokens, Unit::CachedInputTokens, Unit::OutputTokens] {
                let rows = PRICES.iter().filter(|price| price.model == *model && price.unit == unit);
                assert!(rows.map(|price| price.from_input_tokens).eq(bands.iter().copied()), "{model} {unit:?}");
            }
        }
    }
}
