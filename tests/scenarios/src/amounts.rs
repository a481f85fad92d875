//! Money as integers of nano-USD, and the prices that every gate of the scenarios starts with.

use serde_json::{Value, json};

/// Nano-USD of one unit, in the price list below. Odd on purpose: what is added up wrongly shows.
pub const INPUT_TOKEN: i64 = 403;
pub const CACHED_INPUT_TOKEN: i64 = 101;
pub const OUTPUT_TOKEN: i64 = 1_609;
pub const CHARACTER: i64 = 30_007;
/// 45 seconds cost 0.045 USD, as in the source document's example entry.
pub const SECOND: i64 = 1_000_000;

/// The model that is called by name.
pub const MODEL: &str = "gpt-4.1-mini";

/// The body of `PUT /v1/prices`.
pub fn price_list() -> Value {
    let rows = [
        ("openai", MODEL, "input_tokens", INPUT_TOKEN),
        ("openai", MODEL, "cached_input_tokens", CACHED_INPUT_TOKEN),
        ("openai", MODEL, "output_tokens", OUTPUT_TOKEN),
        ("elevenlabs", "*", "characters", CHARACTER),
        ("tavus", "*", "seconds", SECOND),
    ];
    let rows = rows.map(|(vendor, model, unit_type, price)| {
        let price = usd(price);
        json!({"vendor": vendor, "model": model, "unit_type": unit_type, "usd_per_unit": price, "valid_from": "2026-01-01"})
    });
    json!({"prices": rows})
}

/// Nano-USD as a decimal string of USD.
pub fn usd(nanos: i64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// An amount as the gate shows it, a decimal string or number of USD, in nano-USD. It must be exact: a cent that is off
/// by a nano, or shown with more digits than money has, is an error.
#[track_caller]
pub fn nanos(amount: &Value) -> i64 {
    let text = match amount {
        Value::String(text) => text.clone(),
        // Twelve digits after the point are well within a double's precision for what a scenario spends.
        Value::Number(number) => format!("{:.12}", number.as_f64().expect("a number")),
        other => panic!("not an amount: {other}"),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    assert!(
        !whole.is_empty() && digits(whole) && digits(fraction) && fraction.len() <= 9,
        "not an amount in USD with at most nine digits after the point: {amount}"
    );
    format!("{whole}{fraction:0<9}").parse().expect("fits")
}

#[test]
fn amounts_are_read_to_the_nano() {
    let check = |amount: Value, expected: i64| assert_eq!(nanos(&amount), expected, "{amount}");
    check(json!("0.045"), 45_000_000);
    check(json!("25"), 25_000_000_000);
    check(json!("1.000000001"), 1_000_000_001);
    check(json!(0.045), 45_000_000);
    check(json!(0.000000403), 403);
    check(json!(0), 0);
    assert_eq!(usd(45_000_001), "0.045000001");
}
