//! A decimal of three places, such as a share or milliseconds measured in microseconds, without floats on our side.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Number;

/// `983` is 0.983.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thousandths(pub u64);

impl Thousandths {
    /// `part` of `whole`, rounded down; `None` of nothing.
    #[must_use]
    pub fn share(part: u64, whole: u64) -> Option<Self> {
        let shifted = u128::from(part).saturating_mul(1_000);
        let thousandths = shifted.checked_div(u128::from(whole))?;
        Some(Self(u64::try_from(thousandths).unwrap_or(u64::MAX)))
    }

    /// Milliseconds, as they are shown, of microseconds, as they are measured.
    #[must_use]
    pub fn of_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The number that this text is; places beyond the third are cut off. `None` of what is no such number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(places) {
            return None;
        }
        let places: String = places.chars().chain("000".chars()).take(3).collect();
        whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(places.parse().ok()?).map(Self)
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

impl Serialize for Thousandths {
    /// A JSON number, made from the decimal text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: Number = self.to_string().parse().map_err(ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Thousandths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Self::parse(&number.to_string()).ok_or_else(|| de::Error::custom("is not a decimal of three places from 0 on"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn ops_2_a_share_is_a_decimal_in_json_and_back() {
        let check = |part, whole, json: &str| {
            let share = Thousandths::share(part, whole).unwrap();
            assert_eq!(serde_json::to_string(&share).unwrap(), json);
            assert_eq!(serde_json::from_str::<Thousandths>(json).unwrap(), share);
        };
        check(0, 7, "0.0");
        check(1, 64, "0.015");
        check(983, 1_000, "0.983");
        check(7, 7, "1.0");
        check(u64::MAX, u64::MAX, "1.0");
        check(12_345, 10, "1234.5");
        assert_eq!(Thousandths::share(1, 0), None);
    }

    #[test]
    fn ops_2_only_plain_decimals_are_read() {
        let check =
            |text: &str, read: Option<u64>| assert_eq!(Thousandths::parse(text).map(|one| one.0), read, "{text}");
        check("0.24", Some(240));
        check("5", Some(5_000));
        check("0.9999", Some(999));
        for bad in ["", "-1", "1e3", ".5", "1.", "0.5x", "99999999999999999999"] {
            check(bad, None);
        }
    }
}
