//! A ratio in thousandths, shown as a decimal such as `0.983`, without floats on our side.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error};

/// Thousandths, rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(pub u32);

impl PerMille {
    /// `part` of `whole`; `None` of nothing.
    #[must_use]
    pub fn of(part: u32, whole: u32) -> Option<Self> {
        let thousandths = u64::from(part).saturating_mul(1_000).checked_div(u64::from(whole))?;
        Some(Self(u32::try_from(thousandths).unwrap_or(u32::MAX)))
    }
}

impl fmt::Display for PerMille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

impl Serialize for PerMille {
    /// A JSON number, made from the decimal text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.to_string().parse().map_err(S::Error::custom)?;
        number.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_ratio_is_shown_as_a_decimal() {
        let check = |part, whole, shown: Option<(&str, &str)>| {
            let ratio = PerMille::of(part, whole);
            let both = ratio.map(|ratio| (ratio.to_string(), serde_json::to_string(&ratio).unwrap()));
            assert_eq!(both, shown.map(|(text, json)| (text.to_owned(), json.to_owned())), "{part} of {whole}");
        };
        check(0, 0, None);
        check(0, 7, Some(("0.000", "0.0")));
        check(1, 64, Some(("0.015", "0.015")));
        check(983, 1_000, Some(("0.983", "0.983")));
        check(9, 10, Some(("0.900", "0.9")));
        check(7, 7, Some(("1.000", "1.0")));
        check(u32::MAX, u32::MAX, Some(("1.000", "1.0")));
    }

    #[test]
    fn every_thousandth_is_the_json_number_of_its_digits() {
        for thousandths in 1..1_000 {
            let shown = serde_json::to_string(&PerMille(thousandths)).unwrap();
            assert_eq!(shown, format!("0.{thousandths:03}").trim_end_matches('0'));
        }
    }
}
