//! Which requests get a line: so many of a hundred, by level.
//!
//! Decided by the request's id alone, so that whoever holds an id knows whether there is a line to look for.

use super::Level;

/// So many of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    info: u64,
    warn: u64,
    error: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { info: 10, warn: 100, error: 100 }
    }
}

impl Sample {
    /// The variable `log_sample`, such as `info=10 warn=100 error=100`. What it doesn't say, or says wrongly, is as by
    /// default: a slip of the pen doesn't switch the logs off.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut sample = Self::default();
        for (level, percent) in text.split_ascii_whitespace().filter_map(|word| word.split_once('=')) {
            let Some(percent) = percent.parse().ok().filter(|percent| *percent <= 100) else { continue };
            match level {
                "info" => sample.info = percent,
                "warn" => sample.warn = percent,
                "error" => sample.error = percent,
                _ => {}
            }
        }
        sample
    }

    /// Whether the request with this id gets one.
    #[must_use]
    pub fn takes(self, level: Level, id: &str) -> bool {
        let percent = match level {
            Level::Info => self.info,
            Level::Warn => self.warn,
            Level::Error => self.error,
        };
        percent >= 100 || is_among(percent, id)
    }
}

/// Whether an id is among so many of a hundred.
#[must_use]
pub fn is_among(percent: u64, id: &str) -> bool {
    // FNV-1a, whose upper half is the better one.
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash >> 32) % 100 < percent
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn ops_1_what_is_not_said_is_as_by_default() {
        let check = |text: &str, info: u64, warn: u64, error: u64| {
            assert_eq!(Sample::read(text), Sample { info, warn, error }, "{text}");
        };
        check("", 10, 100, 100);
        check("info=100", 100, 100, 100);
        check(" info=0  warn=50 error=1 ", 0, 50, 1);
        check("info=101 warn=x error", 10, 100, 100);
        check("debug=3 info=5 info=7", 7, 100, 100);
    }

    #[test]
    fn ops_1_an_id_is_among_them_or_not_for_good_and_so_many_are() {
        let ids: Vec<String> = (0..10_000_u128).map(|n| format!("req_{}", Ulid::from_parts(1, n * 7_919))).collect();
        let check = |percent: u64| {
            let sample = Sample::read(&format!("info={percent}"));
            let taken = |id: &&String| sample.takes(Level::Info, id);
            let found: Vec<&String> = ids.iter().filter(taken).collect();
            assert_eq!(found, ids.iter().filter(taken).collect::<Vec<_>>());
            let expected = usize::try_from(percent).unwrap() * 100;
            assert!(found.len().abs_diff(expected) < 200, "{percent} %: {} of 10,000", found.len());
        };
        check(0);
        check(1);
        check(10);
        check(50);
        check(100);
        assert!(ids.iter().all(|id| Sample::read("info=100").takes(Level::Info, id)));
        assert!(!ids.iter().any(|id| Sample::read("info=0").takes(Level::Info, id)));
    }
}
