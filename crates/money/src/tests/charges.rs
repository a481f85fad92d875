//! Sums, rounding, refusals, and what older releases have stored.

use calendar::Millis;

use crate::{Nanos, PriceRow, PriceTable, Quantity, Unpriced};

fn pick(rows: &[PriceRow]) -> PriceTable {
    PriceTable::pick(rows, "m", Millis(0))
}

fn row(unit: &str, usd: &str) -> PriceRow {
    PriceRow::new("v", "*", unit, usd)
}

#[test]
fn a_charge_is_rounded_up_once() {
    let table = pick(&[row("input_tokens", "0.0000004"), row("output_tokens", "0.00000000005")]);
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
    let check = |rows: &[PriceRow], cached: u64, nanos: i64| {
        assert_eq!(pick(rows).cost(&[Quantity::new("cached_input_tokens", cached)]), Ok(Nanos(nanos)));
    };
    let input = row("input_tokens", "0.0000004");
    let long = PriceRow { from_input_tokens: 100, ..row("input_tokens", "0.0000008") };
    let cached = row("cached_input_tokens", "0.0000001");
    let long_cached = PriceRow { from_input_tokens: 100, ..row("cached_input_tokens", "0.0000002") };
    check(std::slice::from_ref(&input), 10, 4_000);
    check(&[input.clone(), cached.clone()], 10, 1_000);
    // Cached input alone makes a prompt long, too.
    check(&[input.clone(), long.clone()], 100, 80_000);
    check(&[input.clone(), long.clone(), cached.clone()], 100, 10_000);
    check(&[input.clone(), long.clone(), cached, long_cached.clone()], 100, 20_000);
    check(&[input, long, long_cached], 99, 39_600);
}

#[test]
fn what_has_no_price_is_refused() {
    let check = |rows: &[PriceRow], quantities: &[Quantity], unit: &str| {
        assert_eq!(pick(rows).cost(quantities), Err(Unpriced { unit_type: unit.into() }), "{rows:?}");
    };
    check(&[], &[Quantity::new("seconds", 1)], "seconds");
    check(&[row("seconds", "1")], &[Quantity::new("characters", 1)], "characters");
    check(&[row("seconds", "a lot")], &[Quantity::new("seconds", 1)], "seconds");
    // A band alone says nothing of shorter calls, nor of those without input.
    let long = |unit: &str| PriceRow { from_input_tokens: 100, ..row(unit, "1") };
    check(&[long("input_tokens")], &[Quantity::new("input_tokens", 99)], "input_tokens");
    check(&[long("characters")], &[Quantity::new("characters", 1_000)], "characters");
    // Never free, and never by the cheaper of two that one can't read.
    let unreadable = PriceRow { valid_from: "1970-01-01".into(), ..row("seconds", "x") };
    check(&[row("seconds", "1"), unreadable], &[Quantity::new("seconds", 1)], "seconds");
}

#[test]
fn a_call_without_input_is_of_the_band_from_0() {
    let long = PriceRow { from_input_tokens: 100, ..row("characters", "0.02") };
    let table = pick(&[row("characters", "0.01"), long]);
    assert_eq!(table.cost(&[Quantity::new("characters", 1_000)]), Ok(Nanos(10_000_000_000)));
}

#[test]
fn the_length_of_the_input_decides_for_every_unit() {
    let long = |unit: &str, usd: &str| PriceRow { from_input_tokens: 200_000, ..row(unit, usd) };
    let table = pick(&[
        row("input_tokens", "0.000001"),
        row("output_tokens", "0.000003"),
        long("input_tokens", "0.000002"),
        long("output_tokens", "0.000009"),
    ]);
    let check = |input: u64, cached: u64, output: u64, nanos: i64| {
        let quantities = [
            Quantity::new("output_tokens", output),
            Quantity::new("input_tokens", input),
            Quantity::new("cached_input_tokens", cached),
        ];
        assert_eq!(table.cost(&quantities), Ok(Nanos(nanos)), "{input} {cached} {output}");
    };
    check(0, 0, 1_000_000, 3_000_000_000);
    check(199_999, 0, 1_000, 199_999_000 + 3_000_000);
    check(200_000, 0, 1_000, 400_000_000 + 9_000_000);
    check(100_000, 99_999, 0, 199_999_000);
    check(100_000, 100_000, 1, 400_000_000 + 9_000);
    check(u64::MAX, u64::MAX, u64::MAX, i64::MAX);
}

#[test]
fn what_was_stored_before_there_were_bands_is_read_and_written_alike() {
    let check = |stored: &str, input: u64, nanos: i64| {
        let table: PriceTable = serde_json::from_str(stored).unwrap();
        assert_eq!(table.cost(&[Quantity::new("input_tokens", input)]), Ok(Nanos(nanos)), "{stored}");
        assert_eq!(serde_json::to_string(&table).unwrap(), stored);
    };
    check(r#"{"rows":[["input_tokens","0.0000004"],["output_tokens","0.0000016"]]}"#, 1_000_000, 400_000_000);
    let with_bands = r#"{"rows":[["input_tokens","0.000001"]],"bands":[["input_tokens",100,"0.000002"]]}"#;
    check(with_bands, 99, 99_000);
    check(with_bands, 100, 200_000);
    let table = pick(&[row("input_tokens", "0.0000004")]);
    assert_eq!(serde_json::to_string(&table).unwrap(), r#"{"rows":[["input_tokens","0.0000004"]]}"#);
}
