//! Nano-USD: 1 USD = 1,000,000,000.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An amount in nano-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub i64);

const NANOS_PER_USD: u64 = 1_000_000_000;
/// Keeps every amount well inside an `i64`.
const MAX_USD: i64 = 9_000_000_000;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Not digits with at most one point.
    #[error("must be a decimal number such as \"25.00\"")]
    Malformed,
    /// More digits after the point than are kept.
    #[error("has too many digits after the point")]
    TooFine,
    /// Above nine billion.
    #[error("is too large")]
    TooLarge,
}

impl Nanos {
    /// Parses a non-negative decimal string of USD with at most nine digits after the point.
    pub fn parse_usd(text: &str) -> Result<Self, DecimalError> {
        let scaled = parse_scaled(text, 9)?;
        i64::try_from(scaled).map(Self).map_err(|_| DecimalError::TooLarge)
    }

    /// The sum, at the numeric bounds at worst.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, at the numeric bounds at worst.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The larger of this and zero.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        Self(self.0.max(0))
    }
}

/// Parses a decimal into an integer of `10^-places`.
pub(crate) fn parse_scaled(text: &str, places: u32) -> Result<u128, DecimalError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 30 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(DecimalError::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    let used = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let missing = places.checked_sub(used).ok_or(DecimalError::TooFine)?;
    // As long as it goes in 64 bits, which is a good deal cheaper in Wasm.
    let scale = 10_u64.checked_pow(places).ok_or(DecimalError::TooFine)?;
    let whole: u64 = whole.parse().map_err(|_| DecimalError::TooLarge)?;
    if whole > MAX_USD.unsigned_abs() {
        return Err(DecimalError::TooLarge);
    }
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| DecimalError::Malformed)? };
    let fraction = 10_u64.checked_pow(missing).and_then(|f| fraction.checked_mul(f)).ok_or(DecimalError::TooFine)?;
    let whole = u128::from(whole).checked_mul(u128::from(scale));
    whole.and_then(|whole| whole.checked_add(u128::from(fraction))).ok_or(DecimalError::TooLarge)
}

impl fmt::Display for Nanos {
    /// A decimal of USD: at least two digits after the point, no trailing zeros beyond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs() / NANOS_PER_USD;
        let fraction = format!("{:09}", self.0.unsigned_abs() % NANOS_PER_USD);
        let kept = fraction.trim_end_matches('0');
        write!(f, "{sign}{whole}.{kept:0<2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_trip() {
        let check = |text: &str, nanos: i64, shown: &str| {
            assert_eq!(Nanos::parse_usd(text), Ok(Nanos(nanos)));
            assert_eq!(Nanos(nanos).to_string(), shown);
        };
        check("25.00", 25_000_000_000, "25.00");
        check("0", 0, "0.00");
        check("0.045", 45_000_000, "0.045");
        check("0.000000001", 1, "0.000000001");
        check("9000000000", 9_000_000_000_000_000_000, "9000000000.00");
        check("000000000000000000000000000012.500000000000000000000000000000", 12_500_000_000, "12.50");
        assert_eq!(Nanos(-1_500_000_000).to_string(), "-1.50");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let check = |text: &str, error: DecimalError| assert_eq!(Nanos::parse_usd(text), Err(error));
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "0x1", "NaN", "١"] {
            check(text, DecimalError::Malformed);
        }
        check("0.0000000001", DecimalError::TooFine);
        check("9000000001", DecimalError::TooLarge);
        check("100000000000000000000000000000", DecimalError::TooLarge);
    }
}
