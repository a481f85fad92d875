//! A vendor's list price, with where and when it was read.

use crate::Unit;

/// One row of a vendor's price list. `model` is `*` where the price holds for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub model: &'static str,
    pub unit: Unit,
    /// A decimal with at most nine places (nano-dollars), rounded up: `0.0000004`.
    pub usd_per_unit: &'static str,
    /// It holds for calls with at least so much input; 0 for all.
    pub from_input_tokens: u64,
    /// It holds within these hours only (UTC), such as `01:00-04:00,06:00-10:00`.
    pub hours_utc: Option<&'static str>,
    /// The day on which the price was read, `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Where it was read.
    pub source: &'static str,
}

impl Price {
    /// A price that holds at any hour and for any length.
    pub const fn flat(
        model: &'static str,
        unit: Unit,
        usd_per_unit: &'static str,
        as_of: &'static str,
        source: &'static str,
    ) -> Self {
        Self { model, unit, usd_per_unit, from_input_tokens: 0, hours_utc: None, as_of, source }
    }
}
