//! Never undercharge: where no band is cheaper than the one below it, more units never cost less, so that the worst
//! case, reserved by the same table, bounds what a call may cost.

use calendar::Millis;

use crate::{Nanos, PriceRow, PriceTable, Quantity};

/// Where the bands begin.
const BANDS: [u64; 3] = [0, 3, 5];
/// Around every place where a band begins, alone or by two units together.
const UNITS: [u64; 6] = [0, 1, 2, 3, 4, 6];
const UNIT_TYPES: [&str; 3] = ["input_tokens", "cached_input_tokens", "output_tokens"];

/// All ways to price three bands of a unit with 0, 1 or 2 such that none is cheaper than the one below; besides, only
/// the first and the last band.
fn rising(unit: &str) -> Vec<Vec<PriceRow>> {
    let row = |band: usize, price: u64| PriceRow {
        from_input_tokens: BANDS[band],
        ..PriceRow::new("v", "*", unit, &format!("0.00000000{price}"))
    };
    let mut all = Vec::new();
    for low in 0..3 {
        for high in low..3 {
            all.push(vec![row(0, low), row(2, high)]);
            all.extend((low..=high).map(|middle| vec![row(0, low), row(1, middle), row(2, high)]));
        }
    }
    all
}

fn cost(table: &PriceTable, units: [u64; 3]) -> Nanos {
    let quantities: Vec<_> = UNIT_TYPES.iter().zip(units).map(|(unit, units)| Quantity::new(unit, units)).collect();
    table.cost(&quantities).unwrap()
}

/// Whether a unit more of any kind never costs less.
fn is_monotone(table: &PriceTable) -> bool {
    let of_each = UNITS.iter().flat_map(|a| UNITS.iter().flat_map(move |b| [0, 1, 2].map(|c| [*a, *b, c])));
    of_each.into_iter().all(|units| {
        let now = cost(table, units);
        (0..3).all(|unit| {
            let mut more = units;
            more[unit] += 1;
            cost(table, more) >= now
        })
    })
}

#[test]
fn more_never_costs_less() {
    let mut met = 0;
    for input in rising("input_tokens") {
        // Cached input with a price of its own, or without.
        for cached in rising("cached_input_tokens").into_iter().chain([Vec::new()]) {
            for output in rising("output_tokens").into_iter().step_by(5) {
                let rows = [input.clone(), cached.clone(), output].concat();
                let table = PriceTable::pick(&rows, "m", Millis(0));
                assert!(is_monotone(&table), "{rows:?}");
                met += 1;
            }
        }
    }
    assert_eq!(met, 16 * 17 * 4);
}

#[test]
fn a_cheaper_higher_band_would_be_noticed() {
    let row =
        |from: u64, usd: &str, unit: &str| PriceRow { from_input_tokens: from, ..PriceRow::new("v", "*", unit, usd) };
    let falling = [
        row(0, "0.000000002", "input_tokens"),
        row(3, "0.000000001", "input_tokens"),
        row(0, "0.000000001", "output_tokens"),
    ];
    assert!(!is_monotone(&PriceTable::pick(&falling, "m", Millis(0))));
}
