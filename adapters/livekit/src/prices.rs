//! The list price per second of a room. An operator's own row goes before it.

use adapter::{Price, Unit};

/// A visitor and an agent at $0.0005 a minute each and an agent's session at $0.01 a minute, rounded up. Traffic and a
/// visitor who comes twice cost more; a server of one's own costs something else.
pub const PRICES: &[Price] = &[Price::flat(
    "*",
    Unit::Seconds,
    "0.000183334",
    "2025-12-31",
    "rates of the Ship plan, from memory, a placeholder: set your own",
)];
