//! List prices per billed character (a "credit" of the vendor), as far as they are known.

use adapter::{Price, Unit};

/// The price of the smallest paid plan ($6 for 30,000 credits), the highest of all: a tenant whose plan is larger pays
/// less, and the operator's own row goes before this one.
pub const PRICES: &[Price] = &[
    Price::flat("*", Unit::Characters, "0.0002", "2026-08-07", "third-party transcription of elevenlabs.io/pricing"),
    // Making a voice is part of every plan that can.
    Price::flat("*", Unit::Requests, "0.000000001", "2026-08-07", "in the plan, a placeholder: set your own"),
];
