//! The list price per second of live conversation. An operator's own row goes before it.

use adapter::{Price, Unit};

/// $0.37 a minute, rounded up; the vendor's price depends on the plan and should be set by the operator.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Seconds,
    "0.006166667",
    "2025-12-31",
    "overage rate of the Starter plan, a placeholder: set your own",
)];
