//! An amount as a document shows it: a decimal text, never a JSON number that somebody might read as a float.

use money::Nanos;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// US dollars, such as `"12.34"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(pub Nanos);

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| de::Error::custom("is not a decimal text of US dollars"))
    }
}

/// Corrections may bring a sum below nothing.
pub(crate) fn parse(text: &str) -> Option<Nanos> {
    match text.strip_prefix('-') {
        Some(rest) => Nanos::parse_usd(rest).ok().and_then(|amount| amount.0.checked_neg()).map(Nanos),
        None => Nanos::parse_usd(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn ops_2_money_is_a_text() {
        let check = |nanos: i64, json: &str| {
            assert_eq!(serde_json::to_string(&Usd(Nanos(nanos))).unwrap(), json);
            assert_eq!(serde_json::from_str::<Usd>(json).unwrap(), Usd(Nanos(nanos)));
        };
        check(0, r#""0.00""#);
        check(12_340_000_000, r#""12.34""#);
        check(1, r#""0.000000001""#);
        check(-1_500_000_000, r#""-1.50""#);
        for bad in ["12.34", r#""""#, r#""--1""#, r#""1e3""#] {
            assert!(serde_json::from_str::<Usd>(bad).is_err(), "{bad}");
        }
    }
}
