//! Prices as people read them: tokens by the million, characters by the thousand, seconds by the minute.

use adapter::Unit;

const NANOS: u64 = 1_000_000_000;

/// Such as `$0.40 per million`, rounded to six places.
pub fn readable(unit: Unit, usd_per_unit: &str) -> String {
    let (times, of) = match unit {
        Unit::InputTokens | Unit::CachedInputTokens | Unit::OutputTokens => (1_000_000, "million"),
        Unit::Characters => (1_000, "thousand"),
        Unit::Seconds => (60, "minute"),
        Unit::Credits | Unit::Requests => (1, "one"),
    };
    let (whole, fraction) = usd_per_unit.split_once('.').unwrap_or((usd_per_unit, ""));
    let nanos = whole.parse::<u64>().unwrap() * NANOS + format!("{fraction:0<9}").parse::<u64>().unwrap();
    let micros = (nanos * times + 500) / 1_000;
    let mut text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    // Cents stay, for they look like money.
    while text.ends_with('0') && !text.ends_with(".00") && text.split('.').nth(1).is_some_and(|part| part.len() > 2) {
        text.pop();
    }
    format!("${text} per {of}")
}

#[test]
fn amounts() {
    let check = |unit, usd, expected: &str| assert_eq!(readable(unit, usd), expected);
    check(Unit::InputTokens, "0.0000004", "$0.40 per million");
    check(Unit::CachedInputTokens, "0.000000003", "$0.003 per million");
    check(Unit::OutputTokens, "0.00003", "$30.00 per million");
    check(Unit::Characters, "0.0002", "$0.20 per thousand");
    check(Unit::Seconds, "0.006166667", "$0.37 per minute");
    check(Unit::Seconds, "0.000183334", "$0.011 per minute");
    check(Unit::Requests, "0.0018", "$0.0018 per one");
    check(Unit::Credits, "1", "$1.00 per one");
}
