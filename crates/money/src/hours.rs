//! Hours of the day, UTC, in which a price holds.
//!
//! Written as spans such as `01:00-04:00,06:00-10:00`. A span holds from its first minute on and no longer at its end;
//! one whose end is before its start goes over midnight. The same hours can be written in one way only, so that a row
//! is found again by its text: spans in ascending order with a gap between each two, and only the last may go over
//! midnight. Midnight is `00:00`.

use std::fmt;

use calendar::{DAY, MINUTE, Millis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most spans.
const MAX_SPANS: usize = 8;

/// Spans of the day in which something holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    spans: Vec<Span>,
}

/// Minutes of the day: half-open, over midnight if `to` is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: u64,
    to: u64,
}

/// Why a text is no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HoursError {
    /// Not spans of `HH:MM-HH:MM`, joined by commas, without blanks.
    #[error("must be spans such as \"01:00-04:00,06:00-10:00\", in UTC, from 00:00 to 23:59")]
    Malformed,
    /// More than anybody's price list has.
    #[error("must be at most 8 spans")]
    TooMany,
    /// A span that ends where it begins: nothing, or a whole day, which is a price without hours.
    #[error("must not have a span that ends where it begins")]
    Empty,
    /// Spans that are out of order, overlap or touch.
    #[error("must have its spans in ascending order with a gap between them; only the last may go over midnight")]
    Order,
}

impl Hours {
    /// Parses spans.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let spans = text.split(',').map(Span::parse).collect::<Result<Vec<_>, _>>()?;
        if spans.len() > MAX_SPANS {
            return Err(HoursError::TooMany);
        }
        let apart = |earlier: &Span, later: &Span| !earlier.wraps() && earlier.to < later.from;
        let ascending = spans.iter().zip(spans.iter().skip(1)).all(|(earlier, later)| apart(earlier, later));
        // Over midnight the last meets the first; alone it can't, as it does not end where it begins.
        let around = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) if last.wraps() => spans.len() == 1 || last.to < first.from,
            _ => true,
        };
        if ascending && around { Ok(Self { spans }) } else { Err(HoursError::Order) }
    }

    /// Whether it is one of these hours.
    #[must_use]
    pub fn contain(&self, now: Millis) -> bool {
        let minute = now.0 % DAY / MINUTE;
        self.spans.iter().any(|span| span.contains(minute))
    }
}

impl Span {
    fn parse(text: &str) -> Result<Self, HoursError> {
        let (from, to) = text.split_once('-').ok_or(HoursError::Malformed)?;
        let span = Self { from: minute_of_day(from)?, to: minute_of_day(to)? };
        if span.from == span.to { Err(HoursError::Empty) } else { Ok(span) }
    }

    fn wraps(self) -> bool {
        self.to < self.from
    }

    fn contains(self, minute: u64) -> bool {
        if self.wraps() { minute >= self.from || minute < self.to } else { (self.from..self.to).contains(&minute) }
    }
}

/// `HH:MM`.
fn minute_of_day(text: &str) -> Result<u64, HoursError> {
    let two_digits = |part: &str, most: u64| {
        let number = if part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None };
        number.filter(|number: &u64| *number <= most).ok_or(HoursError::Malformed)
    };
    let (hour, minute) = text.split_once(':').ok_or(HoursError::Malformed)?;
    Ok(two_digits(hour, 23)?.saturating_mul(60).saturating_add(two_digits(minute, 59)?))
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Span { from, to }) in self.spans.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Hours {
    type Error = HoursError;

    fn try_from(text: String) -> Result<Self, HoursError> {
        Self::parse(&text)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn spans_are_half_open_and_may_go_over_midnight() {
        let check = |hours: &str, time: &str, holds: bool| {
            let now = Millis::parse(&format!("2026-11-20T{time}Z")).unwrap();
            assert_eq!(Hours::parse(hours).unwrap().contain(now), holds, "{hours} at {time}");
        };
        let peak = "01:00-04:00,06:00-10:00";
        check(peak, "00:59:59.999", false);
        check(peak, "01:00:00", true);
        check(peak, "03:59:59.999", true);
        check(peak, "04:00:00", false);
        check(peak, "05:00:00", false);
        check(peak, "06:00:00", true);
        check(peak, "10:00:00", false);
        let night = "12:00-12:01,22:30-06:15";
        check(night, "22:29:59", false);
        check(night, "22:30:00", true);
        check(night, "23:59:59.999", true);
        check(night, "00:00:00", true);
        check(night, "06:14:59", true);
        check(night, "06:15:00", false);
        check(night, "12:00:59", true);
        check("22:00-00:00", "23:59:59", true);
        check("22:00-00:00", "00:00:00", false);
        check("00:00-23:59", "23:59:00", false);
    }

    #[test]
    fn hours_are_written_in_one_way_only() {
        let check = |text: &str, error: Option<HoursError>| {
            let read = Hours::parse(text);
            if let Ok(hours) = &read {
                assert_eq!(hours.to_string(), text);
            }
            assert_eq!(read.err(), error, "{text}");
        };
        for text in ["01:00-04:00", "01:00-04:00,06:00-10:00", "22:00-02:00", "03:00-04:00,22:00-02:59"] {
            check(text, None);
        }
        for text in
            ["", ",", "01:00", "01:00-", "1:00-4:00", "01:00-04:00,", "01:00 -04:00", "01:00-04:00, 06:00-10:00"]
        {
            check(text, Some(HoursError::Malformed));
        }
        for text in ["22:00-24:00", "01:60-02:00", "01:00:00-02:00", "+1:00-02:00", "01:00-04:00-05:00", "peak"] {
            check(text, Some(HoursError::Malformed));
        }
        check("01:00-01:00", Some(HoursError::Empty));
        check("00:00-00:00", Some(HoursError::Empty));
        check("06:00-10:00,01:00-04:00", Some(HoursError::Order));
        check("01:00-04:00,03:00-10:00", Some(HoursError::Order));
        check("01:00-04:00,04:00-10:00", Some(HoursError::Order));
        check("22:00-02:00,03:00-04:00", Some(HoursError::Order));
        check("01:00-03:00,22:00-02:00", Some(HoursError::Order));
        check("00:00-03:00,22:00-00:00", Some(HoursError::Order));
        let spans = |n: usize| (0..n).map(|i| format!("{i:02}:00-{i:02}:30")).collect::<Vec<_>>().join(",");
        check(&spans(8), None);
        check(&spans(9), Some(HoursError::TooMany));
    }

    #[test]
    fn what_is_stored_is_the_text() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Row {
            hours: Hours,
        }
        let row = Row { hours: Hours::parse("01:00-04:00").unwrap() };
        let stored = serde_json::to_string(&row).unwrap();
        assert_eq!(stored, r#"{"hours":"01:00-04:00"}"#);
        assert_eq!(serde_json::from_str::<Row>(&stored).unwrap(), row);
        assert!(serde_json::from_str::<Row>(r#"{"hours":"4-1"}"#).is_err());
    }
}
