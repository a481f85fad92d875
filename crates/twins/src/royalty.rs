//! What a twin earns: a month's cost out of the log, to the cent, and what of it is the creator's.

use money::Nanos;

/// Nano-USD in a cent.
const CENT: i64 = 10_000_000;

/// A month's sum, split. The parts add up to the whole, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The sum in cents, rounded half up, once.
    pub total_cents: i64,
    /// The creator's part, rounded down.
    pub creator_cents: i64,
    /// The rest.
    pub platform_cents: i64,
}

/// Splits a sum: `share` percent of it are the creator's. A month in which more was taken back than earned owes nobody
/// anything: it is split as 0, and the log still says what it was.
#[must_use]
pub fn split(sum: Nanos, share: u8) -> Split {
    let total_cents = sum.0.max(0).saturating_add(CENT / 2) / CENT;
    let of_creator = i128::from(total_cents).saturating_mul(i128::from(share.min(100))) / 100;
    let creator_cents = i64::try_from(of_creator).unwrap_or(total_cents).min(total_cents);
    Split { total_cents, creator_cents, platform_cents: total_cents.saturating_sub(creator_cents) }
}

/// Cents as USD, such as `12.34`.
#[must_use]
pub fn dollars(cents: i64) -> String {
    let whole = cents.unsigned_abs();
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;

    #[test]
    fn twn_4_a_month_is_split_to_the_cent() {
        let check = |nanos: i64, share: u8, parts: [&str; 3]| {
            let split = split(Nanos(nanos), share);
            let shown = [split.total_cents, split.creator_cents, split.platform_cents].map(dollars);
            assert_eq!(shown, parts, "{nanos} at {share} %");
        };
        check(0, 80, ["0.00", "0.00", "0.00"]);
        check(1_000_000_000, 80, ["1.00", "0.80", "0.20"]);
        check(12_340_000_000, 80, ["12.34", "9.87", "2.47"]);
        check(4_999_999, 80, ["0.00", "0.00", "0.00"]);
        check(5_000_000, 80, ["0.01", "0.00", "0.01"]);
        check(14_999_999, 80, ["0.01", "0.00", "0.01"]);
        check(15_000_000, 80, ["0.02", "0.01", "0.01"]);
        check(1_000_000_000, 100, ["1.00", "1.00", "0.00"]);
        check(1_000_000_000, 1, ["1.00", "0.01", "0.99"]);
        check(-1_000_000_000, 80, ["0.00", "0.00", "0.00"]);
        check(i64::MAX, 80, ["9223372036.85", "7378697629.48", "1844674407.37"]);
        assert_eq!([dollars(-5), dollars(-123)], ["-0.05", "-1.23"]);
    }

    #[test]
    fn twn_4_parts_add_up_and_no_cent_is_lost() {
        // A generator of numbers of all sizes (splitmix64), so that the test needs nothing and says the same each time.
        let mut state = 0x1234_5678_9abc_def0_u64;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        for _ in 0..200_000 {
            let nanos = i64::try_from(next() >> (1 + next() % 60)).unwrap_or(i64::MAX);
            let share = u8::try_from(1 + next() % 100).unwrap_or(1);
            let Split { total_cents, creator_cents, platform_cents } = split(Nanos(nanos), share);
            assert_eq!(creator_cents + platform_cents, total_cents, "{nanos} at {share}");
            assert!(creator_cents >= 0 && platform_cents >= 0, "{nanos} at {share}");
            // Rounded once, by half a cent at most, and half goes up.
            let error = i128::from(total_cents) * i128::from(CENT) - i128::from(nanos);
            assert!((-i128::from(CENT / 2) + 1..=i128::from(CENT / 2)).contains(&error), "{nanos}: {error}");
            // The creator's part is the largest whole number of cents that is no more than the share.
            let (exact, got) = (i128::from(total_cents) * i128::from(share), i128::from(creator_cents) * 100);
            assert!(got <= exact && exact < got + 100, "{nanos} at {share}");
        }
    }
}
