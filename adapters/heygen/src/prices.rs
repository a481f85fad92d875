//! The list price per second of a session. An operator's own row goes before it.

use adapter::{Price, Unit};

/// Two credits a minute at $0.10 a credit, rounded up.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Seconds,
    "0.003333334",
    "2026-08-22",
    "docs.liveavatar.com/docs/faq/credits, an older page's overage rate, a placeholder: set your own",
)];
