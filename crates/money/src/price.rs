//! Price rows and what a quantity costs.
//!
//! A price is kept in 10^-18 USD, since a single token may cost far less than a nano-USD; a charge is the sum over all
//! quantities, rounded up once to the next nano.

use calendar::Millis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{DecimalError, Nanos, nanos::parse_scaled};

/// The units that have prices.
pub const UNIT_TYPES: [&str; 7] =
    ["input_tokens", "cached_input_tokens", "output_tokens", "characters", "seconds", "credits", "requests"];

const ATTOS_PER_NANO: u128 = 1_000_000_000;

/// So many units of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// One of [`UNIT_TYPES`].
    pub unit_type: String,
    /// How many.
    pub units: u64,
}

impl Quantity {
    /// So many units.
    #[must_use]
    pub fn new(unit_type: &str, units: u64) -> Self {
        Self { unit_type: unit_type.into(), units }
    }
}

/// What one unit costs from a date on. `model` `*` stands for every model that has no row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The vendor's name.
    pub vendor: String,
    /// The vendor's model name, or `*`.
    pub model: String,
    /// One of [`UNIT_TYPES`].
    pub unit_type: String,
    /// A decimal string with at most 18 digits after the point.
    pub usd_per_unit: String,
    /// `YYYY-MM-DD`, UTC.
    #[serde(default = "the_beginning")]
    pub valid_from: String,
}

fn the_beginning() -> String {
    "1970-01-01".into()
}

impl PriceRow {
    /// The price in 10^-18 USD.
    pub fn attos(&self) -> Result<u128, DecimalError> {
        parse_scaled(&self.usd_per_unit, 18)
    }
}

/// There is no price for this unit: the call is refused, never free.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no price for {unit_type} of this model")]
pub struct Unpriced {
    /// The unit without a price.
    pub unit_type: String,
}

/// The prices that hold for one vendor and model on one day: frozen into a permit, so that a price change in flight
/// changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTable {
    rows: Vec<(String, String)>,
}

impl PriceTable {
    /// Picks, per unit, the newest row valid at `now`; a row of the model itself goes before `*`.
    #[must_use]
    pub fn pick(rows: &[PriceRow], model: &str, now: Millis) -> Self {
        let today = now.day();
        let mut picked = Vec::new();
        for unit in UNIT_TYPES {
            let best = rows
                .iter()
                .filter(|row| row.unit_type == unit && row.valid_from <= today)
                .filter(|row| row.model == model || row.model == "*")
                .max_by_key(|row| (row.model == model, row.valid_from.clone()));
            if let Some(row) = best {
                picked.push((unit.to_owned(), row.usd_per_unit.clone()));
            }
        }
        Self { rows: picked }
    }

    /// The price of one unit. Where nothing is said of cached input it costs what input costs.
    fn price(&self, unit: &str) -> Option<&str> {
        let row = |unit: &str| self.rows.iter().find(|(name, _)| name == unit).map(|(_, price)| price.as_str());
        row(unit).or_else(|| if unit == "cached_input_tokens" { row("input_tokens") } else { None })
    }

    /// What the quantities cost together, rounded up to a whole nano-USD.
    pub fn cost(&self, quantities: &[Quantity]) -> Result<Nanos, Unpriced> {
        let mut attos: u128 = 0;
        for quantity in quantities {
            let unpriced = || Unpriced { unit_type: quantity.unit_type.clone() };
            let price = self.price(&quantity.unit_type).ok_or_else(unpriced)?;
            let price = parse_scaled(price, 18).map_err(|_| unpriced())?;
            attos = attos.saturating_add(price.saturating_mul(u128::from(quantity.units)));
        }
        Ok(Nanos(i64::try_from(attos.div_ceil(ATTOS_PER_NANO)).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(model: &str, unit: &str, usd: &str, from: &str) -> PriceRow {
        PriceRow {
            vendor: "v".into(),
            model: model.into(),
            unit_type: unit.into(),
            usd_per_unit: usd.into(),
            valid_from: from.into(),
        }
    }

    fn at(day: &str) -> Millis {
        Millis::parse(&format!("{day}T12:00:00Z")).unwrap_or_default()
    }

    #[test]
    fn the_newest_valid_row_of_the_model_itself_wins() {
        let rows = [
            row("*", "seconds", "9", "2026-01-01"),
            row("m", "seconds", "1", "2026-01-01"),
            row("m", "seconds", "2", "2026-06-01"),
            row("m", "seconds", "3", "2027-01-01"),
        ];
        let check = |model: &str, day: &str, usd: i64| {
            let cost = PriceTable::pick(&rows, model, at(day)).cost(&[Quantity::new("seconds", 1)]);
            assert_eq!(cost, Ok(Nanos(usd * 1_000_000_000)), "{model} {day}");
        };
        check("m", "2026-03-01", 1);
        check("m", "2026-06-01", 2);
        check("m", "2027-01-01", 3);
        check("other", "2026-06-01", 9);
    }

    #[test]
    fn a_charge_is_rounded_up_once() {
        let rows = [
            row("*", "input_tokens", "0.0000004", "2026-01-01"),
            row("*", "output_tokens", "0.00000000005", "2026-01-01"),
        ];
        let table = PriceTable::pick(&rows, "m", at("2026-02-01"));
        let check = |input: u64, output: u64, nanos: i64| {
            let quantities = [Quantity::new("input_tokens", input), Quantity::new("output_tokens", output)];
            assert_eq!(table.cost(&quantities), Ok(Nanos(nanos)));
        };
        check(0, 0, 0);
        check(0, 1, 1);
        check(1, 1, 401);
        check(0, 40, 2);
        check(u64::MAX, u64::MAX, i64::MAX);
    }

    #[test]
    fn cached_input_costs_what_input_costs_unless_it_has_its_own_price() {
        let check = |rows: &[PriceRow], nanos: i64| {
            let table = PriceTable::pick(rows, "m", at("2026-02-01"));
            assert_eq!(table.cost(&[Quantity::new("cached_input_tokens", 10)]), Ok(Nanos(nanos)));
        };
        let input = row("*", "input_tokens", "0.0000004", "2026-01-01");
        check(std::slice::from_ref(&input), 4_000);
        check(&[input, row("*", "cached_input_tokens", "0.0000001", "2026-01-01")], 1_000);
    }

    #[test]
    fn what_has_no_price_is_refused() {
        let table = PriceTable::pick(&[], "m", at("2026-02-01"));
        assert_eq!(table.cost(&[Quantity::new("seconds", 1)]), Err(Unpriced { unit_type: "seconds".into() }));
    }
}
