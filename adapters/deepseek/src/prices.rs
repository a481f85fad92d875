//! List prices per token: dearer in the vendor's peak hours. An operator's own rows go before these.

use adapter::{Price, Unit};

/// UTC. (A secondary source says Monday to Friday only; then the weekend's calls in these hours are
/// charged twice what they cost.)
const PEAK: &str = "01:00-04:00,06:00-10:00";
const AS_OF: &str = "2026-10-27";
const SOURCE: &str = "api-docs.deepseek.com/quick_start/pricing, stored excerpts";

macro_rules! prices {
    ($($model:literal, $unit:ident: $usual:literal, $peak:literal;)*) => {
        &[$(
            Price::flat($model, Unit::$unit, $usual, AS_OF, SOURCE),
            Price { hours_utc: Some(PEAK), ..Price::flat($model, Unit::$unit, $peak, AS_OF, SOURCE) },
        )*]
    };
}

/// Usual and peak. `deepseek-v4-flash` is the former name of `deepseek-flash`, which the vendor still knows.
pub const PRICES: &[Price] = prices! {
    "deepseek-flash", InputTokens: "0.00000015", "0.0000003";
    "deepseek-flash", CachedInputTokens: "0.000000003", "0.000000006";
    "deepseek-flash", OutputTokens: "0.0000006", "0.0000012";
    "deepseek-v4-flash", InputTokens: "0.00000015", "0.0000003";
    "deepseek-v4-flash", CachedInputTokens: "0.000000003", "0.000000006";
    "deepseek-v4-flash", OutputTokens: "0.0000006", "0.0000012";
    "deepseek-v4-pro", InputTokens: "0.00000066", "0.00000132";
    "deepseek-v4-pro", CachedInputTokens: "0.000000022", "0.000000044";
    "deepseek-v4-pro", OutputTokens: "0.00000198", "0.00000396";
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::OFFERED;

    #[test]
    fn every_offered_model_has_usual_and_peak_prices() {
        for model in OFFERED {
            for unit in [Unit::InputTokens, Unit::CachedInputTokens, Unit::OutputTokens] {
                for hours_utc in [None, Some(PEAK)] {
                    let fits =
                        |price: &&Price| price.model == *model && price.unit == unit && price.hours_utc == hours_utc;
                    assert_eq!(PRICES.iter().filter(fits).count(), 1, "{model} {unit:?} {hours_utc:?}");
                }
            }
        }
    }
}
