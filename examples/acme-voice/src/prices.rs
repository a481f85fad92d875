//! List prices, with where and when they were read. They are shown to the operator, whose own rows decide what is charged.

use adapter::{Price, Unit};

/// Per billed character.
pub const PRICES: &[Price] =
    &[Price::flat("*", Unit::Characters, "0.00002", "2026-01-01", "made up, like the vendor: set your own")];
