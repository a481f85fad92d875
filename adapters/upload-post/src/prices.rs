//! The price of one video on one platform. An operator's own row goes before it.

use adapter::{Price, Unit};

/// The vendor's plans are flat by the month; this is a share of one.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Requests,
    "0.10",
    "2026-09-30",
    "no price per upload exists ($24 a month in the Basic plan), a placeholder: set your own",
)];
