//! A vendor's list price, with where and when it was read.

use crate::Unit;

/// One row of a vendor's price list. `model` is `*` where the price holds for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub model: &'static str,
    pub unit: Unit,
    /// A decimal with at most nine places (nano-dollars), rounded up: `0.0000004`.
    pub usd_per_unit: &'static str,
    /// The day on which the price was read, `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Where it was read.
    pub source: &'static str,
}
