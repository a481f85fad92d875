//! A JSON number in thousandths, for comparisons without floats.

/// More than any setting may be.
const FAR: i64 = 1_000_000_000;

/// The number in thousandths, rounded away from zero, so that what is beyond a bound stays beyond it. Anything of a
/// million or more counts as that. `None`: not a JSON number.
pub fn thousandths(json: &str) -> Option<i64> {
    let (negative, text) = json.strip_prefix('-').map_or((false, json), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // An exponent too long to read is a number too large or too small to matter.
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let shift = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { -FAR } else { FAR });
    let kept = i64::try_from(whole.len()).ok()?.saturating_add(shift).saturating_add(3);

    let (mut sum, mut rest): (i64, bool) = (0, false);
    let mut place: i64 = 0;
    for digit in digits() {
        if place < kept {
            sum = sum.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))).min(FAR);
        } else {
            rest |= digit != b'0';
        }
        place = place.saturating_add(1);
    }
    while place < kept && sum > 0 && sum < FAR {
        sum = sum.saturating_mul(10).min(FAR);
        place = place.saturating_add(1);
    }
    let size = sum.saturating_add(i64::from(rest)).min(FAR);
    Some(if negative { size.saturating_neg() } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let rows = [
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("1", Some(1_000)),
            ("0.7", Some(700)),
            ("1.0000001", Some(1_001)),
            ("-2.0001", Some(-2_001)),
            ("1e0", Some(1_000)),
            ("1E-1", Some(100)),
            ("12.5e-1", Some(1_250)),
            ("1e-9", Some(1)),
            ("2e+1", Some(20_000)),
            ("0e999999999999999999999", Some(0)),
            ("1e999999999999999999999", Some(FAR)),
            ("1e-999999999999999999999", Some(1)),
            ("123456789", Some(FAR)),
            ("999.999", Some(999_999)),
            ("", None),
            ("-", None),
            ("\"1\"", None),
            ("true", None),
        ];
        for (json, expected) in rows {
            assert_eq!(thousandths(json), expected, "{json}");
        }
    }
}
