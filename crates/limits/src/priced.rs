//! What the worst case costs, by the prices of the day.

use calendar::Millis;
use kv_schemas::{Memo, Store, families};
use money::{Nanos, PriceRow, PriceTable, Quantity, RowsOf};

use crate::{error::Denial, reservation::Reservation, units::check_units};

/// The most one permit may reserve or be charged: ten thousand USD. Keeps every counter far from its bounds.
pub(crate) const MAX_COST: Nanos = Nanos(10_000_000_000_000);

/// The prices that hold for a permit, and what its worst case costs by them.
pub(crate) struct Priced {
    pub table: PriceTable,
    pub cost: Nanos,
}

pub(crate) fn price(store: &dyn Store, asked: &Reservation, now: Millis) -> Result<Priced, Denial> {
    priced(store, now, &asked.provider, &asked.model, &asked.worst_case)
}

/// What so much would cost at most, by the prices of the moment.
///
/// # Errors
/// Quantities that make no sense, a model without a price, or a store that can't be reached.
pub fn quote(
    store: &dyn Store,
    now: Millis,
    provider: &str,
    model: &str,
    worst_case: &[Quantity],
) -> Result<Nanos, Denial> {
    priced(store, now, provider, model, worst_case).map(|priced| priced.cost)
}

fn priced(
    store: &dyn Store,
    now: Millis,
    provider: &str,
    model: &str,
    worst_case: &[Quantity],
) -> Result<Priced, Denial> {
    check_units(worst_case)?;
    thread_local!(static ROWS: Memo<Vec<PriceRow>> = const { Memo::new(8) });
    let prices = families::PRICES.value::<Vec<PriceRow>>(&[provider]);
    let rows = prices.get_memo_with(store, &ROWS, model, RowsOf(model))?.unwrap_or_default();
    let table = PriceTable::pick(&rows, model, now);
    let cost = table.cost(worst_case).map_err(|unpriced| {
        let param = if model.is_empty() { "provider" } else { "model" };
        Denial::invalid(param, "unpriced", unpriced.to_string())
    })?;
    if cost > MAX_COST {
        return Err(Denial::invalid("estimate.units", "invalid_request", "costs more than one permit may reserve"));
    }
    Ok(Priced { table, cost })
}
