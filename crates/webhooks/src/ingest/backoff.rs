//! When a failed effect is tried again.

use calendar::{HOUR, MINUTE, Millis, SECOND};

/// The pauses between attempts. Who fails after the last one is dead.
pub const BACKOFF_MS: [u64; 6] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR];

/// The moment of the next attempt after so many have failed; `None` when there is none.
pub(crate) fn next(failed: u32, now: Millis) -> Option<Millis> {
    let pause = BACKOFF_MS.get(usize::try_from(failed.checked_sub(1)?).ok()?)?;
    Some(now.plus(*pause))
}

/// When an attempt is taken for cut off that began with so many before it, and nobody wrote down what came of it.
pub(crate) fn cut_off(failed: u32, now: Millis) -> Millis {
    next(failed.saturating_add(1), now).unwrap_or_else(|| now.plus(BACKOFF_MS.into_iter().max().unwrap_or(0)))
}

/// Whether all attempts were begun, so that there is none left.
pub(crate) fn is_spent(begun: u32) -> bool {
    usize::try_from(begun).is_ok_and(|begun| begun > BACKOFF_MS.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;

    #[test]
    fn the_pauses_grow_and_end() {
        let check =
            |failed: u32, pause: Option<u64>| assert_eq!(next(failed, Millis(7)), pause.map(|p| Millis(7).plus(p)));
        check(0, None);
        check(1, Some(5_000));
        check(2, Some(30_000));
        check(3, Some(120_000));
        check(4, Some(600_000));
        check(5, Some(3_600_000));
        check(6, Some(21_600_000));
        check(7, None);
        check(u32::MAX, None);
        for failed in 0..6 {
            assert_eq!((Some(cut_off(failed, Millis(7))), is_spent(failed)), (next(failed + 1, Millis(7)), false));
        }
        assert_eq!((cut_off(6, Millis(7)), is_spent(6), is_spent(7)), (Millis(21_600_007), false, true));
    }
}
