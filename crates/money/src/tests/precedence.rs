//! The tables in the documentation of [`PriceTable`], and what they leave out.

use calendar::Millis;

use crate::{Hours, Nanos, PriceRow, PriceTable, Quantity};

fn row(model: &str, from_input_tokens: u64, hours: &str, valid_from: &str, usd: &str) -> PriceRow {
    PriceRow {
        valid_from: valid_from.into(),
        from_input_tokens,
        hours_utc: (!hours.is_empty()).then(|| Hours::parse(hours).unwrap()),
        ..PriceRow::new("v", model, "output_tokens", usd)
    }
}

/// What an output token costs in a call with so much input, whatever the order of the rows.
fn usd(rows: &[PriceRow], model: &str, input: u64, at: &str) -> Option<i64> {
    let now = Millis::parse(&format!("{at}:00Z")).unwrap();
    let free_input = PriceRow::new("v", "*", "input_tokens", "0");
    let price = |rows: Vec<PriceRow>| {
        let quantities = [Quantity::new("input_tokens", input), Quantity::new("output_tokens", 1)];
        let cost = PriceTable::pick(&rows, model, now).cost(&quantities);
        cost.ok().map(|Nanos(nanos)| nanos / 1_000_000_000)
    };
    let forward: Vec<_> = rows.iter().cloned().chain([free_input]).collect();
    let price_forward = price(forward.clone());
    assert_eq!(price(forward.into_iter().rev().collect()), price_forward, "the order of the rows matters");
    price_forward
}

#[test]
fn the_worked_table_holds() {
    let rows = [
        row("*", 0, "", "2026-01-01", "9"),
        row("m", 0, "", "2026-01-01", "1"),
        row("m", 0, "", "2026-06-01", "2"),
        row("m", 0, "01:00-04:00", "2026-01-01", "3"),
        row("m", 200_000, "", "2026-01-01", "4"),
        row("*", 100_000, "", "2026-01-01", "8"),
    ];
    let check = |model: &str, input: u64, at: &str, expected: i64| {
        assert_eq!(usd(&rows, model, input, at), Some(expected), "{model} {input} {at}");
    };
    check("m", 10, "2026-03-01T12:00", 1);
    check("m", 10, "2026-06-01T12:00", 2);
    check("m", 10, "2026-06-01T02:00", 3);
    check("m", 150_000, "2026-06-01T12:00", 2);
    check("m", 200_000, "2026-06-01T12:00", 4);
    check("m", 200_000, "2026-06-01T02:00", 4);
    check("x", 10, "2026-06-01T02:00", 9);
    check("x", 150_000, "2026-06-01T02:00", 8);

    check("m", 199_999, "2026-05-31T23:59", 1);
    check("m", 199_999, "2026-06-01T00:00", 2);
    check("m", 10, "2026-06-01T00:59", 2);
    check("m", 10, "2026-06-01T01:00", 3);
    check("m", 10, "2026-06-01T04:00", 2);
    check("x", 99_999, "2026-06-01T02:00", 9);
    assert_eq!(usd(&rows, "m", 10, "2025-12-31T12:00"), None);
}

#[test]
fn a_band_has_hours_and_a_history_of_its_own() {
    let rows = [
        row("m", 0, "", "2026-01-01", "1"),
        row("m", 0, "01:00-04:00,06:00-10:00", "2026-01-01", "2"),
        row("m", 100, "", "2026-01-01", "3"),
        row("m", 100, "01:00-04:00,06:00-10:00", "2026-01-01", "6"),
        row("m", 100, "", "2026-06-01", "4"),
        row("m", 100, "01:00-04:00,06:00-10:00", "2026-07-01", "7"),
    ];
    let check = |input: u64, at: &str, expected: i64| {
        assert_eq!(usd(&rows, "m", input, at), Some(expected), "{input} {at}");
    };
    check(99, "2026-03-01T05:00", 1);
    check(99, "2026-03-01T06:00", 2);
    check(100, "2026-03-01T05:00", 3);
    check(100, "2026-03-01T06:00", 6);
    check(100, "2026-06-01T05:00", 4);
    check(100, "2026-06-01T09:59", 6);
    check(100, "2026-07-01T09:59", 7);
    check(99, "2026-07-01T10:00", 1);
}

#[test]
fn the_models_own_goes_first_where_it_fits() {
    // Its own price for long prompts alone: shorter ones cost what every model's do.
    let rows = [
        row("*", 0, "", "2026-01-01", "1"),
        row("*", 50, "", "2026-01-01", "2"),
        row("*", 200, "01:00-04:00", "2026-06-01", "9"),
        row("m", 100, "", "2026-01-01", "3"),
    ];
    let check = |input: u64, expected: i64| {
        assert_eq!(usd(&rows, "m", input, "2026-07-01T02:00"), Some(expected), "{input}");
    };
    check(49, 1);
    check(50, 2);
    check(99, 2);
    check(100, 3);
    check(200, 3);
    // Its own row goes before `*` in the same band, even without hours and older.
    let rows = [row("*", 0, "01:00-04:00", "2026-06-01", "9"), row("m", 0, "", "2026-01-01", "3")];
    assert_eq!(usd(&rows, "m", 0, "2026-07-01T02:00"), Some(3));
    // Hours that don't fit take nothing away from `*`.
    let rows = [row("*", 0, "", "2026-01-01", "9"), row("m", 0, "01:00-04:00", "2026-01-01", "3")];
    assert_eq!(usd(&rows, "m", 0, "2026-07-01T02:00"), Some(3));
    assert_eq!(usd(&rows, "m", 0, "2026-07-01T05:00"), Some(9));
}

#[test]
fn of_hours_that_overlap_the_newer_holds_and_of_the_same_day_the_dearer() {
    let check = |rows: &[PriceRow], expected: i64| {
        assert_eq!(usd(rows, "m", 0, "2026-07-01T02:00"), Some(expected), "{rows:?}");
    };
    check(&[row("m", 0, "01:00-04:00", "2026-01-01", "5"), row("m", 0, "02:00-03:00", "2026-06-01", "2")], 2);
    check(&[row("m", 0, "01:00-04:00", "2026-01-01", "5"), row("m", 0, "02:00-03:00", "2026-01-01", "10")], 10);
    check(&[row("m", 0, "01:00-04:00", "2026-01-01", "10"), row("m", 0, "02:00-03:00", "2026-01-01", "5")], 10);
}
