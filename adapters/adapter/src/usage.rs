//! Units of consumption, and what a call really consumed.

use alloc::vec::Vec;

/// What a price row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    InputTokens,
    CachedInputTokens,
    OutputTokens,
    Characters,
    Seconds,
    Credits,
    Requests,
}

impl Unit {
    pub const ALL: [Unit; 7] = [
        Unit::InputTokens,
        Unit::CachedInputTokens,
        Unit::OutputTokens,
        Unit::Characters,
        Unit::Seconds,
        Unit::Credits,
        Unit::Requests,
    ];

    /// The name in price rows and audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::InputTokens => "input_tokens",
            Unit::CachedInputTokens => "cached_input_tokens",
            Unit::OutputTokens => "output_tokens",
            Unit::Characters => "characters",
            Unit::Seconds => "seconds",
            Unit::Credits => "credits",
            Unit::Requests => "requests",
        }
    }

    pub fn parse(name: &str) -> Option<Unit> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }
}

/// `units` of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    pub unit: Unit,
    pub units: u64,
}

impl Quantity {
    pub const fn new(unit: Unit, units: u64) -> Self {
        Self { unit, units }
    }
}

/// What a call really consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Usage {
    /// The vendor's own final numbers.
    Reported(Vec<Quantity>),
    /// No final numbers came: an upper bound of what was delivered, never above the worst case.
    Counted(Vec<Quantity>),
    /// Neither is known; the whole reservation is spent.
    Unknown,
}

impl Usage {
    /// The numbers, if there are any.
    pub fn quantities(&self) -> Option<&[Quantity]> {
        match self {
            Usage::Reported(list) | Usage::Counted(list) => Some(list),
            Usage::Unknown => None,
        }
    }
}

/// How many of `unit` are in `list`; 0 when there are none.
pub fn units_of(list: &[Quantity], unit: Unit) -> u64 {
    list.iter().filter(|quantity| quantity.unit == unit).fold(0, |sum, quantity| sum.saturating_add(quantity.units))
}

/// `units` of `unit`, but not more than the worst case holds of it.
pub fn capped(unit: Unit, units: u64, worst_case: &[Quantity]) -> Quantity {
    Quantity::new(unit, units.min(units_of(worst_case, unit)))
}
