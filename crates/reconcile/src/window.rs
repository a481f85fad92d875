//! From the name of a window to its moments.

use std::ops::Range;

use calendar::Millis;

/// The moments of a UTC month such as `2026-11`.
pub(crate) fn month(name: &str) -> Option<Range<Millis>> {
    let start = Millis::parse(&format!("{name}-01T00:00:00Z"))?;
    let (year, month) = name.split_once('-')?;
    let (year, month) = (year.parse::<u32>().ok()?, month.parse::<u32>().ok()?);
    let (year, month) = if month == 12 { (year.checked_add(1)?, 1) } else { (year, month.checked_add(1)?) };
    let end = Millis::parse(&format!("{year:04}-{month:02}-01T00:00:00Z"))?;
    Some(start..end)
}

/// The moments of a UTC day such as `2026-11-20`.
pub(crate) fn day(name: &str) -> Option<Range<Millis>> {
    let start = Millis::parse(&format!("{name}T00:00:00Z"))?;
    Some(start..start.next_day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_where_the_next_begins() {
        let check = |range: Option<Range<Millis>>, start: &str, end: &str| {
            let range = range.map(|range| (range.start, range.end));
            assert_eq!(range, Millis::parse(start).zip(Millis::parse(end)), "{start}");
        };
        check(month("2026-11"), "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        check(month("2026-12"), "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        check(day("2026-12-31"), "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z");
        for stray in ["", "life", "2026-13", "2026", "2026-11-20"] {
            assert_eq!(month(stray), None, "{stray}");
        }
    }
}
