//! The price of a second of rendered video. An operator's own row goes before it.

use adapter::{Price, Unit};

/// $0.30 a minute. Whether the vendor counts a begun minute as a whole one is not known.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Seconds,
    "0.005",
    "2026-07-31",
    "pay-as-you-go rate as third parties copied it from the vendor's price page, a placeholder: set your own",
)];
