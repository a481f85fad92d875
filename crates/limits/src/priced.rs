//! What the worst case costs, by the prices of the day.

use calendar::Millis;
use kv_schemas::{Store, families};
use money::{Nanos, PriceRow, PriceTable};

use crate::{error::Denial, reservation::Reservation, units::check_units};

/// The most one permit may reserve or be charged: ten thousand USD. Keeps every counter far from its bounds.
pub(crate) const MAX_COST: Nanos = Nanos(10_000_000_000_000);

/// The prices that hold for a permit, and what its worst case costs by them.
pub(crate) struct Priced {
    pub table: PriceTable,
    pub cost: Nanos,
}

pub(crate) fn price(store: &dyn Store, asked: &Reservation, now: Millis) -> Result<Priced, Denial> {
    check_units(&asked.worst_case)?;
    let rows = families::PRICES.value::<Vec<PriceRow>>(&[&asked.provider]).get(store)?.unwrap_or_default();
    let table = PriceTable::pick(&rows, &asked.model, now);
    let cost = table.cost(&asked.worst_case).map_err(|unpriced| {
        let param = if asked.model.is_empty() { "provider" } else { "model" };
        Denial::invalid(param, "unpriced", unpriced.to_string())
    })?;
    if cost > MAX_COST {
        return Err(Denial::invalid("estimate.units", "invalid_request", "costs more than one permit may reserve"));
    }
    Ok(Priced { table, cost })
}
