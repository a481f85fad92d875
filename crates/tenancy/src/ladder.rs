//! A ladder is written as decimals between 0 and 1; kept as basis points. The decimal is read from its JSON text.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Number;

/// Parts of the monthly cap in basis points (0.8 is 8000): no float touches money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ladder {
    /// From here on ticks are longer.
    pub throttle_at: Option<u32>,
    /// From here on there is only text.
    pub text_only_at: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    throttle_at: Option<Number>,
    #[serde(default)]
    text_only_at: Option<Number>,
}

impl<'de> Deserialize<'de> for Ladder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let read = |field: &str, number: Option<Number>| match number {
            None => Ok(None),
            Some(number) => basis_points(&number.to_string())
                .map(Some)
                .ok_or_else(|| D::Error::custom(format!("{field} must be between 0 and 1 with at most four digits"))),
        };
        Ok(Self {
            throttle_at: read("ladder.throttle_at", written.throttle_at)?,
            text_only_at: read("ladder.text_only_at", written.text_only_at)?,
        })
    }
}

impl Serialize for Ladder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let show = |points: Option<u32>| points.and_then(number);
        Written { throttle_at: show(self.throttle_at), text_only_at: show(self.text_only_at) }.serialize(serializer)
    }
}

fn basis_points(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 4 {
        return None;
    }
    let points = format!("{whole}{fraction:0<4}").parse().ok()?;
    (points <= 10_000).then_some(points)
}

fn number(points: u32) -> Option<Number> {
    let text = format!("{}.{:04}", points / 10_000, points % 10_000);
    serde_json::from_str(text.trim_end_matches('0').trim_end_matches('.')).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_ladder_is_decimals_outside_and_basis_points_inside() {
        let check = |json: &str, points: Option<u32>| {
            let ladder: Result<Ladder, _> = serde_json::from_str(&format!(r#"{{"throttle_at":{json}}}"#));
            assert_eq!(ladder.ok().and_then(|l| l.throttle_at), points, "{json}");
        };
        check("0.8", Some(8_000));
        check("1", Some(10_000));
        check("0.9999", Some(9_999));
        check("0", Some(0));
        check("1.1", None);
        check("-0.1", None);
        check("0.12345", None);
        let shown = serde_json::to_string(&Ladder { throttle_at: Some(8_000), text_only_at: None }).unwrap();
        assert_eq!(shown, r#"{"throttle_at":0.8,"text_only_at":null}"#);
    }
}
