//! Points in time as the vendor writes them: ISO 8601 in most callbacks, seconds since 1970 in some.

/// More digits after the point than these say nothing.
const MILLIS_DIGITS: usize = 3;

/// Milliseconds since 1970; `None` for what is no point in time since then.
pub fn millis(text: &str) -> Option<u64> {
    match text.split_once(['T', ' ']) {
        Some((date, time)) => moment(date, time),
        None => seconds(text),
    }
}

/// `2026-04-29` and `03:47:01.5Z`. Without a zone it is UTC.
fn moment(date: &str, time: &str) -> Option<u64> {
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (clock, ahead) = zone(time)?;
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, millis) = fraction(parts.next()?)?;
    let real = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    if !real || number(second, 2)? > 60 || parts.next().is_some() {
        return None;
    }
    let minutes =
        days(year, month, day)?.checked_mul(1_440)?.checked_add(hour.checked_mul(60)?.checked_add(minute)?)?;
    let at = minutes.checked_sub(ahead)?.checked_mul(60)?.checked_add(number(second, 2)?)?;
    u64::try_from(at).ok()?.checked_mul(1_000)?.checked_add(millis)
}

/// The time without its zone, and by how many minutes the zone is ahead.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (clock, zone) = time.split_at_checked(at)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hours, minutes) = zone.split_once(':').or_else(|| zone.split_at_checked(2))?;
    let ahead = number(hours, 2)?.checked_mul(60)?.checked_add(number(minutes, 2)?)?;
    Some((clock, if sign == "-" { ahead.checked_neg()? } else { ahead }))
}

/// `1779475657.84`
fn seconds(text: &str) -> Option<u64> {
    let (seconds, millis) = fraction(text)?;
    u64::try_from(number(seconds, seconds.len())?).ok()?.checked_mul(1_000)?.checked_add(millis)
}

/// What stands before the point, and the milliseconds behind it.
fn fraction(text: &str) -> Option<(&str, u64)> {
    let Some((whole, behind)) = text.split_once('.') else { return Some((text, 0)) };
    if behind.is_empty() || !behind.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = behind.bytes().chain(core::iter::repeat(b'0')).take(MILLIS_DIGITS);
    let millis =
        digits.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0'))));
    Some((whole, millis))
}

/// So many digits and nothing else.
fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = !text.is_empty() && text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    // A year begins in March there, so that a leap day comes last.
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let day_of_year = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?.checked_sub(1)?;
    let leap_days = year.checked_div(4)?.checked_sub(year.checked_div(100)?)?.checked_add(year.checked_div(400)?)?;
    year.checked_mul(365)?.checked_add(leap_days)?.checked_add(day_of_year)?.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time() {
        let check = |text: &str, wanted: Option<u64>| assert_eq!(millis(text), wanted, "{text}");
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-04-29T03:47:01Z", Some(1_777_434_421_000));
        check("2026-04-29T03:47:01", Some(1_777_434_421_000));
        check("2026-04-29 03:47:01", Some(1_777_434_421_000));
        check("2026-04-29T03:47:01.5Z", Some(1_777_434_421_500));
        check("2026-04-29T03:47:01.123456789Z", Some(1_777_434_421_123));
        check("2026-04-29T03:47:01.120000+00:00", Some(1_777_434_421_120));
        check("2026-04-29T05:47:01+02:00", Some(1_777_434_421_000));
        check("2026-04-28T22:17:01-0530", Some(1_777_434_421_000));
        check("2024-02-29T00:00:00.123Z", Some(1_709_164_800_123));
        check("2000-03-01T00:00:00Z", Some(951_868_800_000));
        check("1779475657.84", Some(1_779_475_657_840));
        check("1779475657", Some(1_779_475_657_000));
        for none in [
            "",
            ".",
            "1.",
            "-1",
            "1e9",
            "now",
            "T",
            "2026-04-29",
            "2026-04-29T",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00:00Z",
            "1969-12-31T23:59:59Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.xZ",
            "99999999999999999999",
            "2026-01-01T00:00:00+2",
            "2026-01-01T00:00:00+é",
            "0000-01-01T00:00:00Z",
        ] {
            check(none, None);
        }
    }
}
