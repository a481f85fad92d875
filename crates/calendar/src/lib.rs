//! Points in time and the UTC windows that caps are counted in. Knows no clock: the caller brings `now`.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Millis(pub u64);

/// A second, a minute, an hour, a day in milliseconds.
pub const SECOND: u64 = 1_000;
/// See [`SECOND`].
pub const MINUTE: u64 = 60 * SECOND;
/// See [`SECOND`].
pub const HOUR: u64 = 60 * MINUTE;
/// See [`SECOND`].
pub const DAY: u64 = 24 * HOUR;

impl Millis {
    /// This many milliseconds later; stays at the end of time.
    #[must_use]
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds since `earlier`; 0 when the clock went back.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `2026-11`
    #[must_use]
    pub fn month(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year(), u8::from(date.month()))
    }

    /// `2026-11-20`
    #[must_use]
    pub fn day(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }

    /// Hours since 1970, for buckets of things to forget.
    #[must_use]
    pub fn hour_number(self) -> u64 {
        self.0 / HOUR
    }

    /// When the next UTC day begins.
    #[must_use]
    pub fn next_day(self) -> Self {
        Self((self.0 / DAY).saturating_add(1).saturating_mul(DAY))
    }

    /// Parses RFC 3339, such as `2026-11-20T09:00:00Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    fn date(self) -> OffsetDateTime {
        let seconds = i64::try_from(self.0 / SECOND).unwrap_or(i64::MAX);
        // Out of range is beyond the year 9999: the window then stays the last one there is.
        OffsetDateTime::from_unix_timestamp(seconds)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH.replace_year(9999).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }
}

impl fmt::Display for Millis {
    /// RFC 3339 in UTC, to the millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(f, "{}T{:02}:{:02}:{:02}.{:03}Z", self.day(), date.hour(), date.minute(), date.second(), self.0 % SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_rendering_are_utc() {
        let check = |text: &str, month: &str, day: &str, shown: &str| {
            let at = Millis::parse(text).unwrap_or_default();
            assert_eq!((at.month().as_str(), at.day().as_str(), at.to_string().as_str()), (month, day, shown));
        };
        check("2026-11-20T09:00:00Z", "2026-11", "2026-11-20", "2026-11-20T09:00:00.000Z");
        check("2026-12-31T23:59:59.999Z", "2026-12", "2026-12-31", "2026-12-31T23:59:59.999Z");
        check("2027-01-01T00:30:00+01:00", "2026-12", "2026-12-31", "2026-12-31T23:30:00.000Z");
        check("2024-02-29T12:00:00Z", "2024-02", "2024-02-29", "2024-02-29T12:00:00.000Z");
    }

    #[test]
    fn extremes_do_not_panic() {
        let _ = (Millis(u64::MAX).to_string(), Millis(u64::MAX).next_day(), Millis(0).month());
        assert_eq!(Millis(5).since(Millis(9)), 0);
        assert_eq!(Millis::parse("yesterday"), None);
    }
}
