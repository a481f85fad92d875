//! What quantities make sense, before anything is priced.

use money::{Quantity, UNIT_TYPES};

use crate::error::Denial;

/// The most units of one kind in one permit.
const MAX_UNITS: u64 = 1_000_000_000_000;

/// Known kinds, each once, within bounds, and not all zero.
pub(crate) fn check_units(quantities: &[Quantity]) -> Result<(), Denial> {
    let invalid = |param: &str, message: &str| Denial::invalid(param, "invalid_request", message);
    for (i, quantity) in quantities.iter().enumerate() {
        if !UNIT_TYPES.contains(&quantity.unit_type.as_str()) {
            return Err(invalid("estimate.unit_type", "is not a known unit"));
        }
        if quantity.units > MAX_UNITS {
            return Err(invalid("estimate.units", "must be at most 1,000,000,000,000"));
        }
        if quantities.iter().skip(i.saturating_add(1)).any(|other| other.unit_type == quantity.unit_type) {
            return Err(invalid("estimate.unit_type", "is named twice"));
        }
    }
    if !quantities.is_empty() && quantities.iter().all(|quantity| quantity.units == 0) {
        return Err(invalid("estimate.units", "must be at least 1"));
    }
    Ok(())
}
