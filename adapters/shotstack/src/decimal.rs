//! Seconds with a fraction, without floats: money is reserved by them.

/// `12.3456` as 12,346 milliseconds, rounded up. `None` for what isn't a plain decimal, such as `-1` or `1e3`.
pub fn millis_up(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut tail = fraction.bytes().map(|b| u64::from(b.saturating_sub(b'0')));
    let mut millis = whole.parse::<u64>().ok()?;
    for _ in 0..3 {
        millis = millis.checked_mul(10)?.checked_add(tail.next().unwrap_or(0))?;
    }
    millis.checked_add(u64::from(tail.any(|digit| digit != 0)))
}

/// The same in whole seconds, rounded up.
pub fn seconds_up(text: &str) -> Option<u64> {
    millis_up(text).map(|millis| millis.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        let rows = [
            ("0", Some(0)),
            ("8.5", Some(8_500)),
            ("12.345", Some(12_345)),
            ("12.3450001", Some(12_346)),
            ("0.0009", Some(1)),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            (".5", None),
            ("5.", None),
            ("\"5\"", None),
            ("18446744073709551615", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(millis_up(text), expected, "{text}");
        }
        assert_eq!((seconds_up("8.5"), seconds_up("8"), seconds_up("8.0001")), (Some(9), Some(8), Some(9)));
    }
}
