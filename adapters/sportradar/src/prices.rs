//! The price per request. An operator's own row goes before it.

use adapter::{Price, Unit};

/// The vendor sells by contract and publishes no prices.
pub const PRICES: &[Price] =
    &[Price::flat("*", Unit::Requests, "0.001", "2026-11-20", "contract prices only, a placeholder: set your own")];
