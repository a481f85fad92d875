//! The list price per billed character (a "credit" of the vendor). An operator's own row goes before it.

use adapter::{Price, Unit};

/// $5 for 100,000 credits: the smallest paid plan, so the dearest.
pub const PRICES: &[Price] = &[
    Price::flat(
        "*",
        Unit::Characters,
        "0.00005",
        "2025-12-31",
        "smallest paid plan, from memory, a placeholder: set your own",
    ),
    // Making a voice is part of every plan that can.
    Price::flat("*", Unit::Requests, "0.000000001", "2025-12-31", "in the plan, a placeholder: set your own"),
];
