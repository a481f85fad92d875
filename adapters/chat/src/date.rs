//! When the vendor answered, by its own clock: the gate's adapters have none.

use adapter::AnswerHead;
use adapter::prelude::*;

/// The answer's `date` in Unix seconds; 0 where the vendor doesn't say.
pub fn answered_at(head: &AnswerHead) -> u64 {
    head.header("date").and_then(unix_seconds).unwrap_or(0)
}

/// Reads an IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). The obsolete forms, and years
/// before 1970, are none.
pub fn unix_seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (weekday, rest) = date.split_once(", ")?;
    let words: Vec<&str> = rest.split(' ').collect();
    let [day, month, year, time, "GMT"] = words.as_slice() else {
        return None;
    };
    let clock: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = clock.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)? as u64;
    let (day, year) = (digits(day, 2)?, digits(year, 4)?);
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let in_range = (1..=31).contains(&day) && year >= 1970 && hour < 24 && minute < 60 && second <= 60;
    if weekday.len() != 3 || !in_range {
        return None;
    }
    // Days since 1970-01-01, with the year beginning in March so that the leap day is its last.
    let from_march = (month.checked_add(10)?) % 12;
    let march_year = if from_march >= 10 { year.checked_sub(1)? } else { year };
    let leap_days = (march_year / 4).checked_sub(march_year / 100)?.checked_add(march_year / 400)?;
    let month_days = from_march.checked_mul(153)?.checked_add(2)? / 5;
    let days = march_year.checked_mul(365)?.checked_add(leap_days)?.checked_add(month_days)?.checked_add(day)?;
    let days = days.checked_sub(DAYS_TO_1970)?;
    days.checked_mul(86_400)?
        .checked_add(hour.checked_mul(3600)?)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)
}

/// From 1 March of the year 0 to 1 January 1970, with the first day of a month counted as 1.
const DAYS_TO_1970: u64 = 719_469;

fn digits(text: &str, length: usize) -> Option<u64> {
    let good = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let rows = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Wed, 01 Mar 2000 00:00:00 GMT", Some(951_868_800)),
            ("Thu, 31 Dec 2026 23:59:59 GMT", Some(1_798_761_599)),
            ("Fri, 01 Jan 2100 00:00:00 GMT", Some(4_102_444_800)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 08:49:37 UTC", None),
            ("Sun, 6 Nov 1994 08:49:37 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 1969 08:49:37 GMT", None),
            ("", None),
        ];
        for (date, expected) in rows {
            assert_eq!(unix_seconds(date), expected, "{date}");
        }
    }
}
