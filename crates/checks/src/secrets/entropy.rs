//! How surprising a text is, without floats: Shannon's entropy in thousandths of a bit for each character.

use std::collections::BTreeMap;

/// 4 bits for each character are 4,000.
pub fn millibits(text: &str) -> u64 {
    let mut counts = BTreeMap::<char, u64>::new();
    for c in text.chars() {
        let count = counts.entry(c).or_default();
        *count = count.saturating_add(1);
    }
    let length = counts.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    // H = log2(n) - sum(count * log2(count)) / n
    let weighted = counts.values().map(|count| count.saturating_mul(log2(*count)));
    let weighted = weighted.fold(0_u64, u64::saturating_add);
    log2(length).saturating_sub(weighted.checked_div(length).unwrap_or(0))
}

/// Thousandths of the logarithm to the base 2, rounded down; 0 of 0.
fn log2(n: u64) -> u64 {
    let Some(whole) = n.checked_ilog2() else { return 0 };
    // The mantissa in [1, 2) as 32 binary places; squaring it gives one more binary digit each time.
    let mut mantissa = (u128::from(n) << 32) >> whole;
    let (mut digits, mut weight) = (0_u64, 1_u64 << 15);
    while weight > 0 {
        mantissa = mantissa.saturating_mul(mantissa) >> 32;
        if mantissa >= 1 << 33 {
            mantissa >>= 1;
            digits |= weight;
        }
        weight >>= 1;
    }
    u64::from(whole).saturating_mul(1_000).saturating_add(digits.saturating_mul(1_000) >> 16)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;

    #[test]
    fn logarithms_are_right_to_the_thousandth() {
        let check = |n, expected: u64| assert!(log2(n).abs_diff(expected) <= 1, "{n}: {}", log2(n));
        check(1, 0);
        check(2, 1_000);
        check(3, 1_585);
        check(10, 3_322);
        check(1_000, 9_966);
        check(u64::MAX, 64_000);
        assert_eq!(log2(0), 0);
    }

    #[test]
    fn random_texts_surprise_and_words_do_not() {
        assert_eq!(millibits(""), 0);
        assert_eq!(millibits("aaaaaaaa"), 0);
        assert_eq!(millibits("abcdabcd"), 2_000);
        assert!(millibits("0123456789abcdef0123456789abcdef").abs_diff(4_000) < 2);
        assert!(millibits("qW3rT9zXc7VbN1mKp0Ls") > 4_000);
        assert!(millibits("your-secret-key-here") < 3_500);
    }
}
