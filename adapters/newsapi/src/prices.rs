//! The price per request. An operator's own row goes before it.

use adapter::{Price, Unit};

/// $449 a month for 250,000 requests, rounded up.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Requests,
    "0.0018",
    "2026-11-20",
    "Business plan spread over its requests, not verified, a placeholder: set your own",
)];
