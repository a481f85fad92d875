//! The price of a credit. An operator's own row goes before it.

use adapter::{Price, Unit};

/// 1,000 credits for $5.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Credits,
    "0.005",
    "2026-11-20",
    "smallest package as third parties quote it, a placeholder: set your own",
)];
