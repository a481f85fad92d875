//! Price rows as the operator writes them. Which of them holds for a call is said in `table.rs`.

use serde::{Deserialize, Serialize};

use crate::{DecimalError, Hours, nanos::parse_scaled};

/// The units that have prices.
pub const UNIT_TYPES: [&str; 7] =
    ["input_tokens", "cached_input_tokens", "output_tokens", "characters", "seconds", "credits", "requests"];

/// So many units of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// One of [`UNIT_TYPES`].
    pub unit_type: String,
    /// How many.
    pub units: u64,
}

impl Quantity {
    /// So many units.
    #[must_use]
    pub fn new(unit_type: &str, units: u64) -> Self {
        Self { unit_type: unit_type.into(), units }
    }
}

/// What one unit costs from a date on, for calls of some length, in some hours. `model` `*` stands for every model that
/// has no row of its own. Which row wins is said at [`crate::PriceTable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The vendor's name.
    pub vendor: String,
    /// The vendor's model name, or `*`.
    pub model: String,
    /// One of [`UNIT_TYPES`].
    pub unit_type: String,
    /// A decimal string with at most 18 digits after the point.
    pub usd_per_unit: String,
    /// `YYYY-MM-DD`, UTC.
    #[serde(default = "the_beginning")]
    pub valid_from: String,
    /// Holds for calls of at least so much input, `input_tokens` and `cached_input_tokens` together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub from_input_tokens: u64,
    /// Holds in these hours only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_utc: Option<Hours>,
}

pub(crate) fn the_beginning() -> String {
    "1970-01-01".into()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(tokens: &u64) -> bool {
    *tokens == 0
}

impl PriceRow {
    /// A price that has always held, for calls of any length, at any hour.
    #[must_use]
    pub fn new(vendor: &str, model: &str, unit_type: &str, usd_per_unit: &str) -> Self {
        Self {
            vendor: vendor.into(),
            model: model.into(),
            unit_type: unit_type.into(),
            usd_per_unit: usd_per_unit.into(),
            valid_from: the_beginning(),
            from_input_tokens: 0,
            hours_utc: None,
        }
    }

    /// What a row is known by, and sorted by: another with the same takes its place.
    #[must_use]
    pub fn identity(&self) -> impl Ord + use<'_> {
        (&self.vendor, &self.model, &self.unit_type, &self.valid_from, self.from_input_tokens, &self.hours_utc)
    }

    /// The price in 10^-18 USD.
    pub fn attos(&self) -> Result<u128, DecimalError> {
        parse_scaled(&self.usd_per_unit, 18)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn what_is_absent_stays_absent() {
        let check = |stored: &str, row: &PriceRow| {
            assert_eq!(serde_json::to_string(row).unwrap(), stored);
            assert_eq!(&serde_json::from_str::<PriceRow>(stored).unwrap(), row);
        };
        let plain = PriceRow::new("v", "*", "seconds", "0.01");
        let first =
            r#"{"vendor":"v","model":"*","unit_type":"seconds","usd_per_unit":"0.01","valid_from":"1970-01-01""#;
        check(&format!("{first}}}"), &plain);
        let hours_utc = Some(Hours::parse("01:00-04:00").unwrap());
        let row = PriceRow { from_input_tokens: 200_000, hours_utc, ..plain };
        check(&format!(r#"{first},"from_input_tokens":200000,"hours_utc":"01:00-04:00"}}"#), &row);
    }
}
