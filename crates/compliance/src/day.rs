//! A day of the calendar, UTC.

use std::fmt;

use calendar::Millis;
use serde::{Deserialize, Serialize};

/// `2026-11-20`. Days are compared as they are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(String);

impl Day {
    /// Reads a day from 1970 to 9999 that is in the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = Millis::parse(&format!("{text}T00:00:00Z"))?;
        (at.day() == text).then(|| Self(text.to_owned()))
    }

    /// The day of this moment.
    #[must_use]
    pub fn of(at: Millis) -> Self {
        Self(at.day())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        let check = |text: &str, is_day: bool| assert_eq!(Day::parse(text).is_some(), is_day, "{text}");
        check("2026-11-20", true);
        check("2024-02-29", true);
        check("1970-01-01", true);
        check("9999-12-31", true);
        for bad in
            ["2025-02-29", "2026-13-01", "2026-11-31", "2026-1-1", "20261120", "2026-11-20T00:00:00Z", "", "1969-12-31"]
        {
            check(bad, false);
        }
        assert_eq!(Day::parse("2026-11-20"), Some(Day::of(Millis(1_795_132_800_000 + 86_399_999))));
        assert!(Day::parse("2026-11-20") < Day::parse("2026-12-01"));
    }
}
