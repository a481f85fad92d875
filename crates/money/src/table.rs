//! The prices that hold for one call, and what its quantities cost by them.
//!
//! A price is kept in 10^-18 USD, since a single token may cost far less than a nano-USD; a charge is the sum over all
//! quantities, rounded up once to the next nano.

use std::collections::{BTreeMap, btree_map::Entry};

use calendar::Millis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Nanos, PriceRow, Quantity, UNIT_TYPES, nanos::parse_scaled};

const ATTOS_PER_NANO: u128 = 1_000_000_000;
const INPUT: &str = "input_tokens";
const CACHED_INPUT: &str = "cached_input_tokens";

/// There is no price for this unit: the call is refused, never free.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no price for {unit_type} of this model")]
pub struct Unpriced {
    /// The unit without a price.
    pub unit_type: String,
}

/// The prices that hold for one vendor and model at one moment: frozen into a permit, so that a price change in flight,
/// or an hour that ends, changes nothing. How long the input turns out to be is known only when the call is settled, so
/// every band that may hold is kept, and [`cost`](Self::cost) picks among them.
///
/// # Which row wins
///
/// A row fits a call if it is of the unit, of the model or of `*`, if its `valid_from` has come, if it is one of its
/// `hours_utc` (or it has none), and if the call's input, cached or not, is at least `from_input_tokens`. Of the rows
/// that fit, the first of these differences decides:
///
/// 1. the model's own row goes before `*`;
/// 2. the higher `from_input_tokens` goes first;
/// 3. a row with hours goes before one without;
/// 4. the newer `valid_from` goes first;
/// 5. the dearer goes first (rows of the same day whose hours are written differently and overlap).
///
/// So each band is a price of its own, with hours and a history of its own: a new base price leaves the long prompts'
/// price as it was, and a vendor with both bands and peak hours has a peak row for each band. A band or peak price is
/// ended by a newer row of the same band and hours, at the price that holds without it.
///
/// | row | model | `from_input_tokens` | `hours_utc` | `valid_from` | USD |
/// |---|---|---|---|---|---|
/// | A | `*` | | | 2026-01-01 | 9 |
/// | B | `m` | | | 2026-01-01 | 1 |
/// | C | `m` | | | 2026-06-01 | 2 |
/// | D | `m` | | `01:00-04:00` | 2026-01-01 | 3 |
/// | E | `m` | 200000 | | 2026-01-01 | 4 |
/// | F | `*` | 100000 | | 2026-01-01 | 8 |
///
/// | call | input | day | hour | row | why |
/// |---|---|---|---|---|---|
/// | `m` | 10 | 2026-03-01 | 12:00 | B | C is not valid yet |
/// | `m` | 10 | 2026-06-01 | 12:00 | C | newer than B |
/// | `m` | 10 | 2026-06-01 | 02:00 | D | hours before the newer day |
/// | `m` | 150000 | 2026-06-01 | 12:00 | C | the model's own before F's higher band |
/// | `m` | 200000 | 2026-06-01 | 12:00 | E | the higher band before the newer day |
/// | `m` | 200000 | 2026-06-01 | 02:00 | E | the higher band before the hours |
/// | `x` | 10 | 2026-06-01 | 02:00 | A | no row of its own |
/// | `x` | 150000 | 2026-06-01 | 02:00 | F | no row of its own |
///
/// Where no row of `cached_input_tokens` fits, cached input costs what input costs. A call without input (speech) is of
/// the band from 0.
///
/// Where no band is cheaper than one below it, more units never cost less, so the worst case bounds the cost. A cheaper
/// higher band is charged as written too; a call that ends up just below it may then cost more than was reserved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTable {
    /// Unit and price of the band from 0: all that there was before there were bands.
    rows: Vec<(String, String)>,
    /// Unit, `from_input_tokens` and price of the other bands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bands: Vec<(String, u64, String)>,
}

impl PriceTable {
    /// Picks, per unit and band, the row that holds at `now`.
    #[must_use]
    pub fn pick(rows: &[PriceRow], model: &str, now: Millis) -> Self {
        let today = now.day();
        let mut table = Self::default();
        for unit in UNIT_TYPES {
            let fitting = rows
                .iter()
                .filter(|row| row.unit_type == unit && row.valid_from <= today)
                .filter(|row| row.model == model || row.model == "*")
                .filter(|row| row.hours_utc.as_ref().is_none_or(|hours| hours.contain(now)));
            for (from, row) in bands(fitting, model) {
                let price = row.usd_per_unit.clone();
                match from {
                    0 => table.rows.push((unit.to_owned(), price)),
                    _ => table.bands.push((unit.to_owned(), from, price)),
                }
            }
        }
        table
    }

    /// What the quantities cost together, rounded up to a whole nano-USD.
    pub fn cost(&self, quantities: &[Quantity]) -> Result<Nanos, Unpriced> {
        let is_input = |quantity: &&Quantity| [INPUT, CACHED_INPUT].contains(&quantity.unit_type.as_str());
        let input = quantities.iter().filter(is_input).fold(0, |sum: u64, quantity| sum.saturating_add(quantity.units));
        let mut attos: u128 = 0;
        for quantity in quantities {
            let unpriced = || Unpriced { unit_type: quantity.unit_type.clone() };
            let price = self.price(&quantity.unit_type, input).ok_or_else(unpriced)?;
            let price = parse_scaled(price, 18).map_err(|_| unpriced())?;
            attos = attos.saturating_add(price.saturating_mul(u128::from(quantity.units)));
        }
        Ok(Nanos(i64::try_from(attos.div_ceil(ATTOS_PER_NANO)).unwrap_or(i64::MAX)))
    }

    /// The price of one unit of a call with so much input. Where nothing is said of cached input it costs what input
    /// costs.
    fn price(&self, unit: &str, input: u64) -> Option<&str> {
        let price = self.own_price(unit, input);
        price.or_else(|| if unit == CACHED_INPUT { self.own_price(INPUT, input) } else { None })
    }

    fn own_price(&self, unit: &str, input: u64) -> Option<&str> {
        let fits = |(name, from, _): &&(String, u64, String)| name == unit && *from <= input;
        let band = self.bands.iter().filter(fits).max_by_key(|(_, from, _)| *from).map(|(_, _, price)| price);
        let base = || self.rows.iter().find(|(name, _)| name == unit).map(|(_, price)| price);
        band.or_else(base).map(String::as_str)
    }
}

/// The winner of each band, lowest first. From the model's own lowest band on, a band of `*` can't win any more.
fn bands<'a>(fitting: impl Iterator<Item = &'a PriceRow>, model: &str) -> BTreeMap<u64, &'a PriceRow> {
    let is_own = |row: &PriceRow| row.model == model;
    // A price that can't be read counts as the dearest: then the call is refused.
    let rank = |row: &'a PriceRow| {
        (is_own(row), row.hours_utc.is_some(), row.valid_from.as_str(), row.attos().unwrap_or(u128::MAX))
    };
    let mut bands: BTreeMap<u64, &PriceRow> = BTreeMap::new();
    for row in fitting {
        match bands.entry(row.from_input_tokens) {
            Entry::Vacant(band) => drop(band.insert(row)),
            Entry::Occupied(mut best) if rank(row) > rank(best.get()) => drop(best.insert(row)),
            Entry::Occupied(_) => {}
        }
    }
    let own_from = bands.iter().find(|(_, row)| is_own(row)).map(|(from, _)| *from);
    bands.retain(|from, row| is_own(row) || own_from.is_none_or(|own| *from < own));
    bands
}
