//! A snapshot's name, which is its time to the minute, and how old one may be.

use calendar::{HOUR, MINUTE, Millis};

/// A snapshot is fresh for so long: a day, and two hours for a daily one that comes late.
pub const FRESH: u64 = 26 * HOUR;
const PREFIX: &str = "snapshot_";

/// `snapshot_2026-11-21_0005Z`. Two of one minute have one name: the later is the one that is kept.
#[must_use]
pub fn name(now: Millis) -> String {
    let minutes = now.0 / MINUTE;
    let (hour, minute) = ((minutes / 60) % 24, minutes % 60);
    format!("{PREFIX}{}_{hour:02}{minute:02}Z", now.day())
}

/// When the one of this name was taken; `None` of what is no name.
#[must_use]
pub fn taken_at(name: &str) -> Option<Millis> {
    let (day, time) = name.strip_prefix(PREFIX)?.strip_suffix('Z')?.split_once('_')?;
    let (hour, minute) = time.split_at_checked(2)?;
    let at = Millis::parse(&format!("{day}T{hour}:{minute}:00Z"))?;
    // One time has one name: no `+9` for an hour, no lower case.
    (self::name(at) == name).then_some(at)
}

/// Whether one that was taken then is young enough now: less than 26 hours.
#[must_use]
pub fn is_fresh(taken: Millis, now: Millis) -> bool {
    now.since(taken) < FRESH
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn ops_2_a_name_is_a_time_to_the_minute() {
        let check = |at: &str, named: &str| {
            let at = Millis::parse(at).unwrap();
            assert_eq!(name(at), named);
            assert_eq!(taken_at(named), Some(Millis(at.0 / MINUTE * MINUTE)), "{named}");
        };
        check("2026-11-21T00:05:00Z", "snapshot_2026-11-21_0005Z");
        check("2026-12-31T23:59:59.999Z", "snapshot_2026-12-31_2359Z");
        check("2024-02-29T12:00:30+02:00", "snapshot_2024-02-29_1000Z");
    }

    #[test]
    fn ops_2_what_is_no_name_has_no_time() {
        for text in [
            "",
            "snapshot_",
            "snapshot_2026-11-21_0005",
            "snapshot_2026-13-01_0005Z",
            "snapshot_2026-11-21_2400Z",
            "snapshot_2026-11-21_00:05Z",
            "snapshot_2026-11-21_5Z",
            "snapshot_../../etc/passwd_0000Z",
            "Snapshot_2026-11-21_0005Z",
            "snapshot_2026-11-21_ä05Z",
        ] {
            assert_eq!(taken_at(text), None, "{text}");
        }
    }

    #[test]
    fn ops_2_a_snapshot_is_fresh_for_less_than_26_hours() {
        let check = |age: u64, fresh| assert_eq!(is_fresh(Millis(1_000), Millis(1_000 + age)), fresh, "{age}");
        check(0, true);
        check(26 * HOUR - 1, true);
        check(26 * HOUR, false);
        // A clock that went back makes nothing old.
        assert!(is_fresh(Millis(9), Millis(5)));
    }
}
