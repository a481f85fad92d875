//! The list price per second of live conversation. An operator's own row goes before it.

use adapter::{Price, Unit};

/// $0.37 a minute, rounded up; the vendor's price depends on the plan and should be set by the operator.
pub const PRICES: &[Price] = &[Price {
    model: "*",
    unit: Unit::Seconds,
    usd_per_unit: "0.006166667",
    as_of: "2025-12-31",
    source: "overage rate of the Starter plan, a placeholder: set your own",
}];
